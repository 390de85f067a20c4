import { type Errno, ERRNOS, type Outcome } from "../mm/errno.ts";

const numberOf = (errno: Errno): number => ERRNOS.indexOf(errno) + 1;

export const OK = 0;
export const EPERM = numberOf("EPERM");
export const ESRCH = numberOf("ESRCH");
export const EIO = numberOf("EIO");
export const EAGAIN = numberOf("EAGAIN");
export const ENOMEM = numberOf("ENOMEM");
export const EFAULT = numberOf("EFAULT");
export const EINVAL = numberOf("EINVAL");
export const ENOSYS = numberOf("ENOSYS");

/** The outcome that a number stands for. */
export const outcomeOf = (number: number): Outcome => {
  return ERRNOS[number - 1] ?? null;
};
