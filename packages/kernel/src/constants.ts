/** Error numbers of `asm-generic/errno-base.h` and `errno.h`, the same on x86-64 and arm64. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  EACCES: 13,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EINVAL: 22,
  ENOSPC: 28,
  ENOSYS: 38,
  ELOOP: 40,
  EPROTO: 71,
  EMSGSIZE: 90,
  EPROTONOSUPPORT: 93,
  ETIMEDOUT: 110,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
} as const;

/** `asm-generic/fcntl.h`; what differs by architecture is in `architecture.ts`. */
export const openFlags = {
  O_RDONLY: 0,
  O_NOCTTY: 0o400,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
} as const;

/** `sys/socket.h`. */
export const socketNumbers = {
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_RCVBUF: 8,
  SO_ATTACH_FILTER: 26,
  SO_RCVBUFFORCE: 33,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
} as const;
