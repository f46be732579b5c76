import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDomainXml } from '../../../src/platform/libvirt/domain-xml.ts';
import { parseXml } from '../../../src/platform/libvirt/xml.ts';

const TINY = readFileSync('test/fixtures/libvirt/tiny0.xml', 'utf8');
const MIB = 2 ** 20;

function readOrError(xml: string) {
  try {
    return parseDomainXml(xml);
  } catch (error) {
    return error as Error;
  }
}

function domain(content: string): string {
  return `<domain type='kvm'><name>vm</name><uuid>u</uuid>${content}</domain>`;
}

test('the XML of a running domain', () => {
  const { metadata, ...rest } = parseDomainXml(TINY);
  expect(rest).toEqual({
    name: 'tiny0',
    uuid: '11111111-2222-4333-8444-555555555555',
    currentMemoryBytes: 160 * MIB,
    vcpus: { current: 2, maximum: 2 },
    cpuTune: {
      shares: undefined,
      periodMicros: undefined,
      quotaMicros: undefined,
      globalPeriodMicros: undefined,
      globalQuotaMicros: undefined,
    },
    memoryTune: {
      hardLimitBytes: undefined,
      softLimitBytes: undefined,
      swapHardLimitBytes: undefined,
    },
    partition: '/machine',
    disks: [{ device: 'disk', target: 'vda' }],
    balloonPeriodSeconds: 2,
    isAgentConnected: true,
  });
  expect(metadata.map(({ name, namespace }) => [name, namespace])).toEqual([
    ['kubevirt', 'http://kubevirt.io'],
    ['pod', 'https://virtlet.example/meta'],
  ]);
  expect(metadata[1]?.children.map(({ name, text }) => [name, text])).toEqual([
    ['namespace', 'default'],
    ['name', 'cirros-vm'],
    ['containerName', 'vm'],
  ]);
});

test('limits, and what is none', () => {
  const limited = parseDomainXml(
    domain(`<memory unit='GiB'>2</memory><currentMemory>1024</currentMemory>
      <vcpu placement='static' current='2'>8</vcpu>
      <cputune><shares>512</shares><period>100000</period><quota>50000</quota>
        <global_period>100000</global_period><global_quota>-1</global_quota></cputune>
      <memtune><hard_limit unit='MiB'>3</hard_limit><soft_limit unit='b'>4096</soft_limit>
        <swap_hard_limit unit='KiB'>9007199254740991</swap_hard_limit></memtune>`),
  );
  expect(limited).toMatchObject({
    currentMemoryBytes: MIB,
    vcpus: { current: 2, maximum: 8 },
    cpuTune: {
      shares: 512,
      periodMicros: 100_000,
      quotaMicros: 50_000,
      globalPeriodMicros: 100_000,
      globalQuotaMicros: Number.POSITIVE_INFINITY,
    },
    memoryTune: {
      hardLimitBytes: 3 * MIB,
      softLimitBytes: 4096,
      swapHardLimitBytes: Number.POSITIVE_INFINITY,
    },
    partition: undefined,
    isAgentConnected: undefined,
  });
  const odd = parseDomainXml(
    domain(`<memory unit='parsecs'>2</memory><vcpu>two</vcpu>
      <cputune><quota>0</quota></cputune><memtune><hard_limit>-1</hard_limit></memtune>`),
  );
  expect(odd).toMatchObject({
    currentMemoryBytes: undefined,
    vcpus: { current: undefined, maximum: undefined },
    cpuTune: { quotaMicros: undefined },
    memoryTune: { hardLimitBytes: undefined },
  });
});

test('devices of other kinds', () => {
  const { disks, isAgentConnected } = parseDomainXml(
    domain(`<devices>
      <disk type='file' device='cdrom'><target dev='sda'/></disk>
      <disk type='network'><source protocol='rbd' name='pool/image'/><target dev='vdb'/></disk>
      <disk type='file' device='lun'/>
      <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    </devices>`),
  );
  expect(disks).toEqual([
    { device: 'cdrom', target: 'sda' },
    { device: 'disk', target: 'vdb' },
  ]);
  expect(isAgentConnected).toBe(false);
});

describe('text', () => {
  test.each([
    ['<a>&lt;x&amp;#65;&#65;&#x42;</a>', '<x&#65;AB'],
    ['<a> <![CDATA[<&amp;>]]> y </a>', '<&amp;> y'],
    ['<a>1<!-- 2 -->3<b>4</b></a>', '13'],
    ['<a>&other;&#x110000;&#9999999;</a>', '&other;&#x110000;&#9999999;'],
    ['<?xml version="1.0"?><a>0x10</a>', '0x10'],
  ])('%s', (xml, text) => {
    expect(parseXml(xml).text).toBe(text);
  });

  test('namespaces, which may be nested and undone', () => {
    const root = parseXml(
      `<a xmlns='u' at='1'><b xmlns=''/><p:c xmlns:p='v'><p:d/></p:c><p:e/></a>`,
    );
    expect(root).toMatchObject({ name: 'a', namespace: 'u' });
    expect([...root.attributes]).toEqual([['at', '1']]);
    expect(root.children.map(({ name, namespace }) => [name, namespace])).toEqual([
      ['b', undefined],
      ['c', 'v'],
      ['e', undefined],
    ]);
    expect(root.children[1]?.children).toMatchObject([{ name: 'd', namespace: 'v' }]);
  });
});

describe('hostile', () => {
  const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "&l${i};&l${i};">`).join(
    '',
  );
  test.each([
    ['a document type', `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><a>&l9;</a>`, 'document type'],
    ['depth', '<a>'.repeat(1000) + '</a>'.repeat(1000), 'nested'],
    ['length', `<a>${'x'.repeat(2 * MIB)}</a>`, 'longer'],
    ['an open end', '<domain><name>x', 'well-formed'],
    ['another end', '<a></b>', 'well-formed'],
    ['nothing', '', 'well-formed'],
    ['text', 'error: no domain', 'well-formed'],
    ['an attribute twice', '<a b="1" b="2"/>', 'well-formed'],
    ['two documents', '<a/><a/>', 'well-formed'],
    ['another document', '<network><name>x</name><uuid>y</uuid></network>', 'not that of a domain'],
    ['no name', '<domain><uuid>y</uuid></domain>', 'not that of a domain'],
  ])('%s is refused', (_, xml, reason) => {
    expect(() => parseDomainXml(xml)).toThrow(reason);
  });

  test('any change is read or refused, and soon', () => {
    const pieces = ['<', '>', '&', "'", '</', '<![CDATA[', ']]>', '<!--', '-->', '<?', ' x=', '\0'];
    const change = fc.record({ at: fc.nat(TINY.length), piece: fc.constantFrom(...pieces) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let xml = TINY;
        for (const { at, piece } of changes) xml = xml.slice(0, at) + piece + xml.slice(at + 1);
        const start = performance.now();
        const parsed = readOrError(xml);
        expect(parsed instanceof Error || typeof parsed.name === 'string').toBe(true);
        expect(performance.now() - start).toBeLessThan(1000);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    [
      'attributes',
      `<domain ${Array.from({ length: 20_000 }, (_, i) => `a${i}='${i}'`).join(' ')}/>`,
    ],
    ['elements', domain('<metadata/>'.repeat(60_000))],
    [
      'namespaces',
      `<domain ${Array.from({ length: 30_000 }, (_, i) => `xmlns:a${i}='u'`).join(' ')}>${"<b xmlns:c='v'/>".repeat(20_000)}</domain>`,
    ],
    ['brackets', `<a>${'<'.repeat(500_000)}`],
    ['comments', domain('<!--'.repeat(200_000))],
    ['entities', domain(`<title>${'&amp;'.repeat(180_000)}</title>`)],
    ['spaces', `<a ${' '.repeat(900_000)}`],
    ['quotes', `<a ${`b="`.repeat(250_000)}`],
  ])('many %s take no time', (_, xml) => {
    const start = performance.now();
    readOrError(xml);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
