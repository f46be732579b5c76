import { expect, test } from 'vitest';
import { type Environment, proxyFor } from '../../../src/helper/exporter/proxy.ts';

const BOTH = { HTTP_PROXY: 'http://plain:1', https_proxy: 'http://secure:2' };
const pick = (url: string, environment: Environment, given = '') =>
  proxyFor(new URL(url), given, 'key', environment)?.href;

test('by the scheme of the URL, in capitals or small; what is given wins', () => {
  expect(pick('http://a.example', BOTH)).toBe('http://plain:1/');
  expect(pick('https://a.example', BOTH)).toBe('http://secure:2/');
  expect(pick('https://a.example', BOTH, 'http://given:3')).toBe('http://given:3/');
  expect(pick('https://a.example', { HTTP_PROXY: 'http://plain:1' })).toBeUndefined();
  expect(pick('http://a.example', { http_proxy: 'plain:1' })).toBe('http://plain:1/');
  expect(pick('http://a.example', {})).toBeUndefined();
});

test('this host is asked without one, unless one is given', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]']) {
    expect(pick(`http://${host}:4318`, BOTH)).toBeUndefined();
    expect(pick(`http://${host}:4318`, BOTH, 'http://given:3')).toBe('http://given:3/');
  }
});

test.each([
  ['*', 'http://a.example', false],
  ['example', 'http://a.example', false],
  ['a.example', 'http://a.example', false],
  ['.a.example', 'http://a.example', true],
  ['*.a.example', 'http://b.a.example', false],
  ['b.example, A.example', 'http://a.example:4318', false],
  ['a.example:4318', 'http://a.example:4318', false],
  ['a.example:4319', 'http://a.example:4318', true],
  ['a.example:443', 'https://a.example', false],
  ['bad-a.example', 'http://a.example', true],
  ['xample', 'http://a.example', true],
  ['10.0.0.0/8', 'http://10.1.2.3:4318', false],
  ['10.0.0.0/8', 'http://11.1.2.3:4318', true],
  ['10.0.0.0/99', 'http://10.1.2.3', true],
  ['10.1.2.3', 'http://10.1.2.3', false],
  ['2.3', 'http://10.1.2.3', true],
  ['fd00::/8', 'http://[fd00::1]:4318', false],
  ['fd00::1', 'http://[fd00::1]', false],
  ['[fd00::1]:4318', 'http://[fd00::1]:4318', false],
  ['[fd00::1]:4319', 'http://[fd00::1]:4318', true],
  [' ,', 'http://a.example', true],
])('NO_PROXY=%s and %s', (list, url, isProxied) => {
  expect(pick(url, { ...BOTH, NO_PROXY: list }) !== undefined).toBe(isProxied);
});

test('what is no URL is a fault, which does not tell it', () => {
  expect(() => pick('http://a', {}, 'me:secret')).toThrow(/^key: is no URL of a proxy/);
  expect(() => pick('http://a', { HTTP_PROXY: 'ftp://secret' })).toThrow(/^HTTP_PROXY: is no URL/);
});
