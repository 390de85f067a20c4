/**
 * A stand-in for the kernel's kselftest_harness.h, with only what the exported tests use: it says
 * whether they compile, and runs one test without a process of its own.
 */
export const HARNESS = `#ifndef HARNESS
#define HARNESS
#include <stdio.h>
#include <string.h>

static int failures, skipped;

#define FIXTURE(name) struct name##_fixture
#define FIXTURE_SETUP(name) static void name##_set_up(struct name##_fixture *self __attribute__((unused)))
#define FIXTURE_TEARDOWN(name) static void name##_tear_down(struct name##_fixture *self __attribute__((unused)))
#define SKIP(statement, ...) do { printf(__VA_ARGS__); skipped = 1; statement; } while (0)
#define TEST_F(fixture, name) \\
	static void test_body(struct fixture##_fixture *self); \\
	static int test_harness_run(int argc, char **argv) \\
	{ \\
		struct fixture##_fixture self; \\
		(void)argc; \\
		(void)argv; \\
		memset(&self, 0, sizeof(self)); \\
		fixture##_set_up(&self); \\
		if (!skipped) \\
			test_body(&self); \\
		fixture##_tear_down(&self); \\
		return skipped ? 4 : failures != 0; \\
	} \\
	static void test_body(struct fixture##_fixture *self __attribute__((unused)))
#define ASSERT_EQ(left, right) do { if ((left) != (right)) { failures++; return; } } while (0)
#define EXPECT_EQ(left, right) do { if ((left) != (right)) failures++; } while (0)
#define EXPECT_GE(left, right) do { if ((left) < (right)) failures++; } while (0)
#define EXPECT_TRUE(value) do { if (!(value)) failures++; } while (0)
#define EXPECT_FALSE(value) do { if (value) failures++; } while (0)
#define EXPECT_STREQ(left, right) do { if (strcmp(left, right)) failures++; } while (0)
#define EXPECT_STRNE(left, right) do { if (!strcmp(left, right)) failures++; } while (0)
#endif
`;
