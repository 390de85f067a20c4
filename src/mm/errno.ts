/** The errnos that a modelled system call, or a real one on the paths we drive, can return. */
export const ERRNOS = [
  "EPERM",
  "ESRCH",
  "EINTR",
  "EIO",
  "ENXIO",
  "EBADF",
  "EAGAIN",
  "ENOMEM",
  "EACCES",
  "EFAULT",
  "EBUSY",
  "EEXIST",
  "ENODEV",
  "EINVAL",
  "EFBIG",
  "ENOSYS",
  "EOPNOTSUPP",
] as const;

/** An errno by its C name; a modelled error is a value, never an exception. */
export type Errno = (typeof ERRNOS)[number];

/** The outcome of an operation: null is success. */
export type Outcome = Errno | null;
