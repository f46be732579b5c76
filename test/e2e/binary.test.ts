import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import bcrypt from 'bcryptjs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/agent.ts';
import { type BareRoom, makeBareRoom } from '../support/bare-room.ts';
import { packagedBinary } from '../support/binary.ts';
import { type OtlpServer, startGrpcServer } from '../support/otlp/server.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { startDouble } from '../support/runsc/double.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-binary-'));
let binary: string;
beforeAll(() => {
  binary = packagedBinary();
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], env: NodeJS.ProcessEnv = { PATH: '' }) =>
  spawnSync(binary, args, { encoding: 'utf8', env });

test('--version tells version, commit and Node, and nothing is complained of', () => {
  const { stdout, stderr } = run(['--version']);
  const node = process.versions.node.replaceAll('.', '\\.');
  const line = `^sandgauge version ${manifest.version} \\(commit ([0-9a-f]{12}(-dirty)?|unknown), Node ${node}\\)\n$`;
  expect(stdout).toMatch(new RegExp(line));
  expect(stderr).toBe('');
});

test("the flags are in it, and V8 takes the bundle's code cache", () => {
  const preload = join(folder, 'preload.cjs');
  writeFileSync(
    preload,
    `process.stderr.write(JSON.stringify(process.execArgv));
    require('node:v8').setFlagsFromString('--profile-deserialization');`,
  );
  const { stdout, stderr } = run(['--version'], { NODE_OPTIONS: `--require=${preload}` });
  expect(stderr).toBe('["--max-semi-space-size=2"]');
  const sizes = [...stdout.matchAll(/^\[Deserializing from (\d+) bytes/gm)].map(([, n]) =>
    Number(n),
  );
  expect(Math.max(...sizes)).toBeGreaterThan(300_000);
});

test('print-default gives the files of the checkout, and names them', () => {
  const all = { 'otel-collector.yaml': '.', 'kubernetes.yaml': 'config', 'schema.json': 'config' };
  for (const [name, from] of Object.entries(all)) {
    const { stdout } = run(['print-default', name]);
    expect(stdout).toBe(readFileSync(join(from, name), 'utf8'));
  }
  expect(run(['print-default']).stdout).toBe(readFileSync('otel-collector.yaml', 'utf8'));
  expect(run(['print-default', 'otlp']).stdout).toBe(readFileSync('config/otlp.yaml', 'utf8'));
  const { status, stderr } = run(['print-default', 'nope']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Error: print-default: no file "nope"; there are: .*otlp\.yaml.*\n$/);
});

test('the bill of materials and the licences name what is inside, and no tool', () => {
  const bom = JSON.parse(readFileSync(`${binary}.cdx.json`, 'utf8'));
  const names: string[] = bom.components.map(({ name }: { name: string }) => name);
  expect(names).toContain(`node-linux-${process.arch}`);
  // Those of src/, of a thread, and of a dependency.
  for (const name of ['yaml', 'bcryptjs', '@grpc/grpc-js', 'yocto-queue'])
    expect(names).toContain(name);
  for (const tool of Object.keys(manifest.devDependencies)) {
    if (!['@grpc/proto-loader', '@opentelemetry/otlp-transformer', 'protobufjs'].includes(tool))
      expect(names).not.toContain(tool);
  }
  const refs = bom.components.map((each: Record<string, string>) => each['bom-ref']);
  expect(new Set(refs).size).toBe(refs.length);
  expect(bom.dependencies[0].dependsOn).toEqual(refs);
  const licences = run(['licenses']).stdout.split('\n');
  for (const { name, version, hashes } of bom.components) {
    expect(
      licences.some((line) => line.startsWith(`${name} ${version} (`)),
      name,
    ).toBe(true);
    expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
  }
  expect(licences).toContain('Node.js is licensed for use as follows:');
});

test('sha256sum takes the checksum', () => {
  const checked = execFileSync('sha256sum', ['-c', `${binary}.sha256`], {
    cwd: dirname(binary),
    encoding: 'utf8',
  });
  expect(checked).toMatch(/^sandgauge-linux-\w+: OK\n$/);
});

test('pkg makes one too', () => {
  execFileSync(process.execPath, ['tools/package.ts', process.arch, '--pkg'], { stdio: 'pipe' });
  const made = spawnSync(`${binary}-pkg`, ['--version'], { encoding: 'utf8' });
  expect(made).toMatchObject({ stderr: '', stdout: expect.stringMatching(/^sandgauge version /) });
});

test('runsc is run by execa', async () => {
  const double = await startDouble(folder, { listens: false });
  const program = join(folder, 'runsc');
  const data = { cpu: { usage: { total: 5e9 } }, memory: { usage: {} }, pids: { current: 1 } };
  const event = JSON.stringify({ type: 'stats', id: 'x', data });
  writeFileSync(program, `#!/bin/sh\necho '${event}'\n`);
  chmodSync(program, 0o755);
  const port = await freePort();
  const receiver = { root_path: folder, transport: 'events', runsc_path: program };
  const config = {
    extensions: { workload_observer: { root_path: folder } },
    receivers: { runsc: { ...receiver, collection_interval: '0s' } },
    exporters: { prometheus: { endpoint: `127.0.0.1:${port}`, collect_on_scrape: true } },
    service: {
      extensions: ['workload_observer'],
      pipelines: { metrics: { receivers: ['runsc'], exporters: ['prometheus'] } },
    },
  };
  const agent = spawn(binary, ['--config', `yaml:${JSON.stringify(config)}`], { stdio: 'ignore' });
  const scrape = () => fetch(`http://127.0.0.1:${port}/metrics`).then((reply) => reply.text());
  await expect
    .poll(() => scrape().catch(() => ''), { timeout: 10_000 })
    .toMatch(
      new RegExp(`^container_cpu_usage_seconds_total\\{.*name="${double.id}".* 5( |$)`, 'm'),
    );
  agent.kill();
  await double.close();
});

const chroot = findPeer('chroot');
const isSkipped = isMissing('the binary in a bare room', {
  ...{ root: process.getuid?.() === 0, unshare: findPeer('unshare'), ldd: findPeer('ldd') },
  chroot,
});

describe.skipIf(isSkipped)('as nobody, read-only, without Node, environment or shell', () => {
  let room: BareRoom;
  let collector: OtlpServer;
  let agent: ChildProcess;
  let log = '';
  const ports: number[] = [];

  beforeAll(async () => {
    collector = await startGrpcServer();
    for (let i = 0; i < 3; i++) ports.push(await freePort());
    room = makeBareRoom(binary, chroot ?? '');
    // State files that are not for all to read.
    mkdirSync(join(room.path, 'run/runsc'), { recursive: true, mode: 0o700 });
    configure(ports[0]);
    agent = room.start(['--watch-config', '--config', '/config.yaml']);
    agent.stderr?.on('data', (data) => {
      log += data;
    });
  });
  afterAll(async () => {
    agent?.kill('SIGKILL');
    await collector?.stop();
    room?.remove();
  });
  afterEach(() => expect(log).not.toMatch(/^ +at /m));

  /** All that is loaded when it is needed, or runs in a thread. */
  function configure(port?: number): void {
    const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: ports[1] } } } };
    const endpoint = `http://127.0.0.1:${collector.port}`;
    const pusher = {
      periodic: { interval: 500, exporter: { otlp: { protocol: 'grpc', endpoint } } },
    };
    const config = {
      extensions: {
        workload_observer: {},
        basicauth: { htpasswd: { inline: `me:${bcrypt.hashSync('pass', 6)}` } },
      },
      receivers: {
        cgroup: { collection_interval: '1s', initial_delay: '0s' },
        runsc: { collection_interval: '1s', initial_delay: '0s' },
      },
      exporters: {
        prometheus: { endpoint: `127.0.0.1:${port}`, auth: { authenticator: 'basicauth' } },
        otlp_grpc: { endpoint },
        otlp_http: { endpoint: `http://127.0.0.1:${ports[2]}` },
      },
      service: {
        extensions: ['workload_observer', 'basicauth'],
        telemetry: { metrics: { readers: [reader, pusher] } },
        pipelines: {
          metrics: {
            receivers: ['cgroup', 'runsc'],
            exporters: ['prometheus', 'otlp_grpc', 'otlp_http'],
          },
        },
      },
    };
    writeFileSync(join(room.path, 'config.yaml'), JSON.stringify(config));
  }

  const scrape = async (port: number | undefined, password = 'pass') => {
    const authorization = `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } });
    return { status: reply.status, text: await reply.text() };
  };

  test('rows are scraped, with a password that a thread checks', async () => {
    await expect.poll(() => log, { timeout: 20_000 }).toContain('Everything is ready');
    await expect
      .poll(async () => (await scrape(ports[0])).text, { timeout: 10_000 })
      .toMatch(/^container_memory_working_set_bytes\{.*id="\/"/m);
    expect((await scrape(ports[0], 'wrong')).status).toBe(401);
  });

  test('what may not be read is said once, with the right that is missing', async () => {
    await expect.poll(() => log, { timeout: 10_000 }).toContain('"/run/runsc"');
    const passes = () => collector.taken.length;
    const before = passes();
    await expect.poll(passes, { timeout: 10_000 }).toBeGreaterThan(before + 6);
    const denied = log.split('\n').filter((line) => line.includes('EACCES'));
    expect(denied.filter((line) => !/needs .*CAP_/.test(line))).toEqual([]);
    const said = denied.map((line) => line.replace(/^\S+/, '').replace(/\d+/g, 'N'));
    expect(new Set(said).size).toBe(said.length);
  });

  test('grpc-js, the HTTP client and the SDK of OpenTelemetry are loaded', async () => {
    const names = () =>
      collector.taken.flatMap((body) => JSON.stringify(body).match(/"name":"[a-z_]+"/g));
    await expect
      .poll(names, { timeout: 10_000 })
      .toContain('"name":"container_cpu_usage_seconds_total"');
    expect(names()).toContain('"name":"otelcol_process_uptime"');
    const own = await (await fetch(`http://127.0.0.1:${ports[1]}/metrics`)).text();
    expect(own).toMatch(/^otelcol_exporter_sent_metric_points_total\{exporter="otlp_grpc"\} /m);
    await expect.poll(() => log).toContain(`127.0.0.1:${ports[2]}`);
    expect(log).toContain('ECONNREFUSED');
  });

  test('a file that changes and SIGHUP reload, SIGTERM ends', async () => {
    const [watched, reloaded] = [await freePort(), await freePort()];
    configure(watched);
    const status = (port: number) =>
      scrape(port).then(
        (reply) => reply.status,
        () => 0,
      );
    await expect.poll(() => status(watched), { timeout: 10_000 }).toBe(200);
    configure(reloaded);
    agent.kill('SIGHUP');
    await expect.poll(() => status(reloaded), { timeout: 10_000 }).toBe(200);
    const exited = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(log).toContain('Shutdown complete.');
  });
});
