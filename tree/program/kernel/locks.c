/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sleeping locks: only the state that assertions look at. A task alone that would wait waits for itself, for good, so
 * that is a finding and not a pause; where two run by turns, the other one goes on.
 */
#include "pfndiff_glue.h"
#include <linux/mutex.h>
#include <linux/rwsem.h>

#define WRITER 1
#define READER 256

void pfndiff_wait(int kind, const void *lock, const char *why)
{
	if (!host_is_raced)
		host_bug(why);
	host_wait(kind, lock);
}

void down_write(struct rw_semaphore *sem)
{
	pfndiff_point(POINT_DOWN_WRITE, sem);
	while (atomic_long_read(&sem->count))
		pfndiff_wait(POINT_DOWN_WRITE, sem,
			     "a lock is taken twice: down_write() of an rw_semaphore that the task holds");
	atomic_long_set(&sem->count, WRITER);
}

int down_write_killable(struct rw_semaphore *sem)
{
	down_write(sem);
	return 0;
}

int down_write_trylock(struct rw_semaphore *sem)
{
	pfndiff_point(POINT_DOWN_WRITE, sem);
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
	pfndiff_point(POINT_UP_WRITE, sem);
}

void down_read(struct rw_semaphore *sem)
{
	pfndiff_point(POINT_DOWN_READ, sem);
	while (atomic_long_read(&sem->count) & WRITER)
		pfndiff_wait(POINT_DOWN_READ, sem,
			     "a lock is taken twice: down_read() of an rw_semaphore that the task holds for writing");
	atomic_long_add(READER, &sem->count);
}

int down_read_killable(struct rw_semaphore *sem)
{
	down_read(sem);
	return 0;
}

int down_read_trylock(struct rw_semaphore *sem)
{
	pfndiff_point(POINT_DOWN_READ, sem);
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
	pfndiff_point(POINT_UP_READ, sem);
}

void downgrade_write(struct rw_semaphore *sem)
{
	atomic_long_set(&sem->count, READER);
	pfndiff_point(POINT_DOWNGRADE, sem);
}

void __init_rwsem(struct rw_semaphore *sem, const char *name, struct lock_class_key *key)
{
	atomic_long_set(&sem->count, 0);
}

