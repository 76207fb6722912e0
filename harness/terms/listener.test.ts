import { listenerOf, listenerText, listensAt } from './listener.ts';

test.each(['80/tcp', '127.0.0.1:53/udp', '[2001:db8::1]:80/tcp'])('%s is what it says', (text) => {
  expect(listenerText(listenerOf(text))).toBe(text);
});

test('a listener on one address does not accept packets for another', () => {
  const listeners = ['127.0.0.1:80/tcp', '53/udp'].map(listenerOf);
  const takes = (protocol: string, address: string, port: number) => listensAt(listeners, { protocol, address, port });
  expect(takes('tcp', '127.0.0.1', 80)).toBe(true);
  expect(takes('tcp', '203.0.113.11', 80)).toBe(false);
  expect(takes('udp', '203.0.113.11', 53)).toBe(true);
  expect(takes('tcp', '203.0.113.11', 53)).toBe(false);
});
