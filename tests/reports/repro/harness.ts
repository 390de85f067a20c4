/**
 * A stand-in for the kernel's kselftest_harness.h, with only what the exported tests use: it says
 * whether they compile, and runs one test without a process of its own.
 */
export const HARNESS = `#ifndef HARNESS
#define HARNESS
#include <stdio.h>
#include <string.h>

static int failures;

#define TEST(name) \\
	static void test_body(void); \\
	static int test_harness_run(int argc, char **argv) \\
	{ \\
		(void)argc; \\
		(void)argv; \\
		test_body(); \\
		return failures != 0; \\
	} \\
	static void test_body(void)
#define TEST_HARNESS_MAIN int main(int argc, char **argv) { return test_harness_run(argc, argv); }
#define ASSERT_EQ(left, right) do { if ((left) != (right)) { failures++; return; } } while (0)
#define ASSERT_LE(left, right) do { if ((left) > (right)) { failures++; return; } } while (0)
#define ASSERT_TRUE(value) do { if (!(value)) { failures++; return; } } while (0)
#define EXPECT_EQ(left, right) do { if ((left) != (right)) failures++; } while (0)
#define EXPECT_FALSE(value) do { if (value) failures++; } while (0)
#endif
`;
