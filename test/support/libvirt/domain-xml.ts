import type { GuestImage } from './guest.ts';

/** A domain of a test. */
export interface DomainSpec {
  readonly name: string;
  readonly uuid?: string;
  /** 16 by default, enough for one that does not boot. */
  readonly memoryMib?: number;
  readonly vcpus?: number;
  /** What it boots, with its disk, the balloon's statistics and the agent. */
  readonly image?: GuestImage;
  /** Where what the guest prints goes. */
  readonly console?: string;
  /** Elements of `<metadata>`. */
  readonly metadata?: string;
  /** Elements beside `<memory>`, such as `<cputune>`. */
  readonly extra?: string;
}

/** The XML of a software-emulated domain with a tap on the test's bridge. */
export function domainXml(spec: DomainSpec, partition: string): string {
  const { name, uuid, memoryMib = 16, vcpus = 1, image, console, metadata = '' } = spec;
  return `<domain type='qemu'>
  <name>${name}</name>
  ${uuid === undefined ? '' : `<uuid>${uuid}</uuid>`}
  <metadata>${metadata}</metadata>
  <memory unit='MiB'>${memoryMib}</memory>
  <vcpu>${vcpus}</vcpu>
  ${spec.extra ?? ''}
  <resource><partition>${partition}</partition></resource>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    ${image === undefined ? '' : bootOf(image)}
  </os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <interface type='bridge'><source bridge='br0'/><model type='virtio'/><rom enabled='no'/></interface>
    <interface type='user'><model type='virtio'/><rom enabled='no'/></interface>
    <memballoon model='virtio'><stats period='1'/></memballoon>
    ${console === undefined ? '' : `<serial type='file'><source path='${console}'/></serial>`}
    ${image === undefined ? '' : devicesOf(image)}
  </devices>
</domain>`;
}

function bootOf({ kernel, initramfs }: GuestImage): string {
  return `<kernel>${kernel}</kernel><initrd>${initramfs}</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 mitigations=off</cmdline>`;
}

function devicesOf({ disk }: GuestImage): string {
  return `<disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/>
    </disk>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>`;
}
