// Imported by a program that must not outlive whoever started it: a server or a test run that nobody sees
// any more would go on holding its port and its data. When the parent is gone, even by SIGKILL, which
// cannot be passed on, the program gets a SIGTERM.

/** How soon an orphan notices, in milliseconds; asking for the parent costs microseconds. */
const LOOK_EVERY = 250

const parent = process.ppid

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGTERM")
}, LOOK_EVERY).unref()
