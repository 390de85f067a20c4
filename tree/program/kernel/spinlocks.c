/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spinlocks, where two tasks run by turns: with CONFIG_DEBUG_SPINLOCK they are calls and have an owner. Without it, on
 * one processor, there are none.
 */
#include "pfndiff_glue.h"
#include <linux/spinlock.h>

#ifdef CONFIG_DEBUG_SPINLOCK
#define HELD ((void *)1)

/* Of what is not linked. */
DEFINE_SPINLOCK(pgd_lock);

void __raw_spin_lock_init(raw_spinlock_t *lock, const char *name, struct lock_class_key *key, short inner)
{
	memset(lock, 0, sizeof(*lock));
	lock->raw_lock.slock = 1;
}

static bool take(raw_spinlock_t *lock)
{
	if (lock->owner == HELD)
		return false;
	lock->owner = HELD;
	lock->raw_lock.slock = 0;
	return true;
}

static void lock_it(raw_spinlock_t *lock)
{
	pfndiff_point(POINT_SPIN_LOCK, lock);
	while (!take(lock))
		pfndiff_wait(POINT_SPIN_LOCK, lock, "a lock is taken twice: a spinlock that the task holds");
}

static void unlock_it(raw_spinlock_t *lock)
{
	if (lock->owner != HELD)
		host_bug("a spinlock is given back that nobody holds");
	lock->owner = NULL;
	lock->raw_lock.slock = 1;
	pfndiff_point(POINT_SPIN_UNLOCK, lock);
}

#undef _raw_spin_lock
#undef _raw_spin_lock_irq
#undef _raw_spin_lock_irqsave
#undef _raw_spin_unlock
#undef _raw_spin_unlock_irq
#undef _raw_spin_unlock_irqrestore
#undef _raw_spin_trylock

void __lockfunc _raw_spin_lock(raw_spinlock_t *lock)
{
	lock_it(lock);
}

void __lockfunc _raw_spin_lock_irq(raw_spinlock_t *lock)
{
	lock_it(lock);
}

unsigned long __lockfunc _raw_spin_lock_irqsave(raw_spinlock_t *lock)
{
	lock_it(lock);
	return 0;
}

void __lockfunc _raw_spin_unlock(raw_spinlock_t *lock)
{
	unlock_it(lock);
}

void __lockfunc _raw_spin_unlock_irq(raw_spinlock_t *lock)
{
	unlock_it(lock);
}

void __lockfunc _raw_spin_unlock_irqrestore(raw_spinlock_t *lock, unsigned long flags)
{
	unlock_it(lock);
}

int __lockfunc _raw_spin_trylock(raw_spinlock_t *lock)
{
	pfndiff_point(POINT_SPIN_LOCK, lock);
	return take(lock);
}
#endif
