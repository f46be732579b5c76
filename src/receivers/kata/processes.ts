import type { FileStore } from '../../platform/file/file-store.ts';
import { holdsSocket, readListeners } from '../../platform/procfs/listeners.ts';
import { type Command, isInOwnPidNamespace, listCommands } from '../../platform/procfs/process.ts';

const HOST = 1;

/** The host's processes that bear the id of a sandbox; looked at once a pass, if at all. */
export interface Processes {
  /** What was seen is seen anew. */
  forget(): void;
  /** Those with the id among their arguments, which are each process' own to write. */
  commandsOf(id: string): readonly Command[];
  /** The process that listens on the sandbox' socket; undefined when it may not be seen. */
  shimOf(id: string): number | undefined;
}

/** Makes the view of <proc>. */
export function createProcesses(proc: string, files: FileStore): Processes {
  let commands: readonly Command[] | undefined;
  let listeners: ReadonlyMap<string, string> | undefined;
  return { forget, commandsOf, shimOf };

  function forget(): void {
    commands = undefined;
    listeners = undefined;
  }

  function commandsOf(id: string): readonly Command[] {
    commands ??= list();
    return commands.filter(({ args }) => args.some((arg) => arg.includes(id)));
  }

  /** Its socket is the host's as a rule; else it is in a network namespace of its own. */
  function shimOf(id: string): number | undefined {
    if (listeners === undefined) {
      listeners = readListeners(proc, HOST, files);
      if (listeners.size === 0) listeners = readListeners(proc, 'self', files);
    }
    const inode = inodeIn(listeners, id);
    const found = commandsOf(id).find(({ pid }) => holds(pid, inode));
    return (found ?? commandsOf(id).find(({ pid }) => holdsOwn(pid, id)))?.pid;
  }

  function holds(pid: number, inode: string | undefined): boolean {
    return inode !== undefined && holdsSocket(proc, pid, inode);
  }

  /** A container could bind a path of that name in its own namespaces. */
  function holdsOwn(pid: number, id: string): boolean {
    const isHosts = isInOwnPidNamespace(proc, pid, files);
    return isHosts && holds(pid, inodeIn(readListeners(proc, pid, files), id));
  }

  /** None where <proc> is not there. */
  function list(): Command[] {
    try {
      return listCommands(proc, files);
    } catch {
      return [];
    }
  }
}

function inodeIn(listeners: ReadonlyMap<string, string>, id: string): string | undefined {
  const path = [...listeners.keys()].find((each) => each.endsWith(`/${id}/shim-monitor.sock`));
  return path === undefined ? undefined : listeners.get(path);
}
