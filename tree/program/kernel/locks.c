/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sleeping locks of a single task: only the state that assertions look at. A task that would wait waits for itself,
 * for good, so that is a finding and not a pause.
 */
#include "pfndiff_glue.h"
#include <linux/mutex.h>
#include <linux/rwsem.h>

#define WRITER 1
#define READER 256

void down_write(struct rw_semaphore *sem)
{
	if (atomic_long_read(&sem->count))
		host_bug("a lock is taken twice: down_write() of an rw_semaphore that the task holds");
	atomic_long_set(&sem->count, WRITER);
}

int down_write_killable(struct rw_semaphore *sem)
{
	down_write(sem);
	return 0;
}

int down_write_trylock(struct rw_semaphore *sem)
{
	if (atomic_long_read(&sem->count))
		return 0;
	atomic_long_set(&sem->count, WRITER);
	return 1;
}

void up_write(struct rw_semaphore *sem)
{
	if (atomic_long_read(&sem->count) != WRITER)
		host_bug("up_write() of an rw_semaphore that nobody holds for writing");
	atomic_long_set(&sem->count, 0);
}

void down_read(struct rw_semaphore *sem)
{
	if (atomic_long_read(&sem->count) & WRITER)
		host_bug("a lock is taken twice: down_read() of an rw_semaphore that the task holds for writing");
	atomic_long_add(READER, &sem->count);
}

int down_read_killable(struct rw_semaphore *sem)
{
	down_read(sem);
	return 0;
}

int down_read_trylock(struct rw_semaphore *sem)
{
	if (atomic_long_read(&sem->count) & WRITER)
		return 0;
	atomic_long_add(READER, &sem->count);
	return 1;
}

void up_read(struct rw_semaphore *sem)
{
	if (atomic_long_read(&sem->count) < READER)
		host_bug("up_read() of an rw_semaphore that nobody holds for reading");
	atomic_long_add(-READER, &sem->count);
}

void downgrade_write(struct rw_semaphore *sem)
{
	atomic_long_set(&sem->count, READER);
}

void __init_rwsem(struct rw_semaphore *sem, const char *name, struct lock_class_key *key)
{
	atomic_long_set(&sem->count, 0);
}

