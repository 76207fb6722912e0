import type { LbService } from '../terms/config.ts';
import { lbConfigSchema } from '../terms/config.ts';
import { splitServices } from '../terms/split-services.ts';
import { Settling } from './settling.ts';

const MINUTE_MS = 60_000;

function service(): LbService {
  const servers = [{ name: 's1', address: '203.0.113.11' }];
  return splitServices(
    lbConfigSchema.parse({
      version: 1,
      services: [{ name: 'web', vip: '203.0.113.80', port: 80, mode: 'dsr', servers }],
    }),
  ).services[0]!;
}

describe('a service is stable', () => {
  let nowMs = 0;
  let settling: Settling;
  let web: LbService;

  beforeEach(() => {
    settling = new Settling(() => nowMs);
    web = service();
  });

  it('a minute after the last change of its servers', () => {
    settling.note(web, 'new,new');
    nowMs += MINUTE_MS - 1;
    expect(settling.isSettled(web)).toBe(false);
    expect(settling.msLeft(web)).toBe(1);
    nowMs += 1;
    expect(settling.isSettled(web)).toBe(true);
  });

  it('no longer after a change of one of them', () => {
    settling.note(web, 'new,new');
    nowMs += MINUTE_MS;
    settling.note(web, 'new,new');
    expect(settling.isSettled(web)).toBe(true);
    settling.note(web, 'new,keep');
    expect(settling.isSettled(web)).toBe(false);
  });

  it('no longer under another configuration, and never before it was recorded', () => {
    settling.note(web, 'new,new');
    nowMs += MINUTE_MS;
    const next = service();
    expect(settling.isSettled(next)).toBe(false);
    settling.note(next, 'new,new');
    expect(settling.msLeft(next)).toBe(MINUTE_MS);
  });
});
