import { parseDnsAnswer, questionMessage } from './dns-message.ts';

const question = { name: 'www.example.test', type: 'A' } as const;

/** What Knot DNS 3.4.6 sent: two addresses, behind pointers to the name in the question, and its OPT record. */
const KNOT =
  '00018400000100020000000103777777076578616d706c6504746573740000010001c00c000100010000001e0004cb007151c00c000100010000001e0004cb00715000002904d0000000000000';

test('a query has the format of RFC 1035, with the token where captures look for it', () => {
  const message = questionMessage(question, 'l4lab-abcdefgh', 1);
  expect(message.subarray(0, 34).toString('hex')).toBe(
    ['000100000001000000000001', '03777777', '076578616d706c65', '0474657374', '00', '00010001'].join(''),
  );
  expect(message.toString('latin1')).toContain('l4lab-abcdefgh');
});

test('addresses are read in the order of the answer', () => {
  expect(parseDnsAnswer(Buffer.from(KNOT, 'hex'), question, 1)).toEqual({
    rcode: 0,
    addresses: ['203.0.113.81', '203.0.113.80'],
  });
});

test('an answer may have no addresses', () => {
  const none =
    '00018400000100000001000105656d707479076578616d706c6504746573740000010001c00c000600010000000000160000000000010000000000000000000000000000000000002904d0000000000000';
  expect(parseDnsAnswer(Buffer.from(none, 'hex'), question, 1)).toEqual({ rcode: 0, addresses: [] });
});

test('IPv6 addresses are written as in plans', () => {
  const address = '20010db8000000000000000000000080';
  const answer = `0001840000010001000000000377777700001c0001c00c001c00010000001e0010${address}`;
  expect(parseDnsAnswer(Buffer.from(answer, 'hex'), { ...question, type: 'AAAA' }, 1)?.addresses).toEqual([
    '2001:db8::80',
  ]);
});

test('a truncated message, a query, or an answer to another query is no answer', () => {
  const whole = Buffer.from(KNOT, 'hex');
  expect(parseDnsAnswer(whole.subarray(0, 50), question, 1)).toBeNull();
  expect(parseDnsAnswer(whole, question, 2)).toBeNull();
  expect(parseDnsAnswer(questionMessage(question, 'l4lab-abcdefgh', 1), question, 1)).toBeNull();
});
