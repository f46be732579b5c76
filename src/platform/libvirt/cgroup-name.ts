import type { Domain } from './domain.ts';

const MAX_MACHINE_NAME = 64;
/** What has no suffix where it is the first part of a partition: virCgroupSetPartitionSuffix. */
const TOP = /^(machine|user|system)$/;

/**
 * The cgroup ids that a running domain of QEMU may have: the scope that systemd makes, and what
 * libvirt makes where systemd is not asked (libvirt.org/cgroups.html). `partition` is that of the
 * domain's XML. A domain that does not run has none.
 */
export function domainCgroups(domain: Domain, partition = '/machine'): string[] {
  if (domain.id < 0) return [];
  const machine = machineName(domain);
  const parts = partition.split('/').filter((part) => part !== '');
  const slices = parts.map(
    (_, i) =>
      `${parts
        .slice(0, i + 1)
        .map(escapeUnit)
        .join('-')}.slice`,
  );
  const folders = parts.map((part, i) =>
    (i === 0 && TOP.test(part)) || part.includes('.') ? part : `${part}.partition`,
  );
  return [
    ['', ...slices, `machine-${escapeUnit(machine)}.scope`].join('/'),
    ['', ...folders, `${machine}.libvirt-qemu`].join('/'),
  ];
}

/** The name under which it is registered: virDomainGenerateMachineName. */
function machineName({ name, id }: Domain): string {
  let machine = `qemu-${id}-`;
  for (const char of name) {
    if (machine.length >= MAX_MACHINE_NAME) break;
    const isSeparator = char === '.' || char === '-';
    if (isSeparator ? /[.-]$/.test(machine) : !/[A-Za-z0-9]/.test(char)) continue;
    machine += char;
  }
  return machine.replace(/[.-]$/, '');
}

/** systemd.unit(5): what is no letter, digit, `_`, `.` or `:` becomes \xNN. */
function escapeUnit(text: string): string {
  return text.replace(/^\.|[^A-Za-z0-9_.:]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
