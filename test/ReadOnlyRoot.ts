// A root that nobody may write to, as a container has it, and a process on it without any right: made of mounts that
// no other process sees. Only root can make it, on Linux.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

const canMount = (): boolean =>
  spawnSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt && chroot / true"]).status === 0

/** Why there can be no such root here, if so. */
export const noReadOnlyRoot: string | undefined =
  process.platform !== "linux" || process.getuid?.() !== 0
    ? "only root can mount, on Linux"
    : canMount()
      ? undefined
      : "root may not mount here"

/** What the image's base has, and this machine too: the libraries that Node.js was linked with. */
const LIBRARIES = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"]

const NODE = "/usr/local/bin/node"

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** Makes the folder or the link of a library in a root; the mount that it needs. */
const placeLibrary = (root: string, library: string): ReadonlyArray<string> => {
  if (!isThere(library)) return []
  if (lstatSync(library).isSymbolicLink()) {
    symlinkSync(readlinkSync(library), join(root, library))
    return []
  }
  mkdirSync(join(root, library), { recursive: true })
  return [`mount --bind ${library} ${root}${library}`, `mount -o remount,bind,ro ${root}${library}`]
}

export interface OnReadOnlyRoot {
  /** The folder that becomes the root. It has what the image has, but for Node.js and its libraries. */
  readonly root: string
  /** Files beside those of the image, such as secrets, by their paths. */
  readonly files: Readonly<Record<string, string>>
  readonly user: number
  /** The program, as the image names it, and its arguments. */
  readonly command: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
}

/** Starts a program on a root that nobody may write to, but for an empty `/tmp`. It ends by itself if one may. */
export const spawnOnReadOnlyRoot = ({ root, files, user, command, env }: OnReadOnlyRoot): ChildProcess => {
  for (const folder of ["proc", "dev", "tmp", dirname(NODE)]) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, NODE), "")
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const script = [
    "set -e",
    `mount --bind ${root} ${root}`,
    ...LIBRARIES.flatMap((library) => placeLibrary(root, library)),
    `mount --bind ${process.execPath} ${root}${NODE}`,
    `mount --rbind /proc ${root}/proc`,
    `mount --rbind /dev ${root}/dev`,
    `mount -t tmpfs tmpfs ${root}/tmp`,
    `mount -o remount,bind,ro ${root}`,
    `if touch ${root}/app/written 2>/dev/null; then echo "void: the root can be written to"; exit 1; fi`,
    `exec chroot --userspec=${user}:${user} --groups= ${root} "$@"`
  ]
  // Each step gives its process to the next one, so that a signal reaches the program.
  return spawn("unshare", ["--mount", "sh", "-c", script.join("\n"), "sh", ...command], {
    env: { PATH: `${dirname(NODE)}:${process.env["PATH"]}`, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
}
