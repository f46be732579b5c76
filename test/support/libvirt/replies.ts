import type { Domain } from '../../../src/platform/libvirt/domain.ts';
import { type DoubleCall, words } from './double.ts';

/** A statistic as virsh prints it: a whole number or a text. */
export type Stats = Readonly<Record<string, number | string>>;

const UNSIGNED_LONG = 4;
const TEXT = 7;

/** A text of XDR. */
export function textReply(text: string): Buffer {
  const bytes = Buffer.from(text);
  const padding = (4 - (bytes.length % 4)) % 4;
  return Buffer.concat([words(bytes.length), bytes, Buffer.alloc(padding)]);
}

function domainBytes({ name, uuid, id }: Domain): Buffer {
  return Buffer.concat([textReply(name), Buffer.from(uuid.replaceAll('-', ''), 'hex'), words(id)]);
}

/** What LIST_ALL_DOMAINS answers. */
export function listReply(domains: readonly Domain[]): Buffer {
  const count = words(domains.length);
  return Buffer.concat([count, ...domains.map(domainBytes), count]);
}

/** What GET_ALL_DOMAIN_STATS answers. */
export function statsReply(records: readonly (readonly [Domain, Stats])[]): Buffer {
  const parts = records.map(([domain, stats]) => {
    const parameters = Object.entries(stats).map(([key, value]) => {
      if (typeof value === 'string') {
        return Buffer.concat([textReply(key), words(TEXT), textReply(value)]);
      }
      const number = Buffer.alloc(8);
      number.writeBigUInt64BE(BigInt(value));
      return Buffer.concat([textReply(key), words(UNSIGNED_LONG), number]);
    });
    return Buffer.concat([domainBytes(domain), words(parameters.length), ...parameters]);
  });
  return Buffer.concat([words(records.length), ...parts]);
}

/** Answers a call with an error. */
export function refuse(call: DoubleCall, code: number, message: string): void {
  const [none, level] = [words(0), words(2)];
  const rest = [level, none, none, none, none, words(0, 0), none];
  const body = Buffer.concat([words(code, 10), words(1), textReply(message), ...rest]);
  call.reply(body, { 6: 1 });
}
