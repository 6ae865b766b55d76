import { describe, expect, it } from 'vitest';
import { containerTimelineLink, mapLink } from './asset-links.ts';

const running = { id: 'c1', kind: 'container', firstSeenAt: '2026-11-29T00:00:00.000Z' } as const;
const searchOf = (link: string) => Object.fromEntries(new URL(link, 'https://console').searchParams);

describe('the ways from an asset', () => {
  it('lead to now while it is there', () => {
    expect(searchOf(mapLink(running))).toEqual({ focus: 'container:c1' });
    expect(searchOf(containerTimelineLink(running))).toEqual({ containerId: 'c1' });
  });

  it('lead to its last hour once it has ended, and to the map as it stood there', () => {
    const ended = { ...running, endedAt: '2026-11-29T03:12:00.000Z' };
    expect(searchOf(mapLink(ended))).toEqual({ focus: 'container:c1', at: '2026-11-29T03:11:59.000Z' });
    expect(searchOf(containerTimelineLink(ended))).toEqual({
      containerId: 'c1',
      since: '2026-11-29T02:12:00.000Z',
      until: '2026-11-29T03:13:00.000Z',
    });
  });

  it('lead to its whole life where that was shorter', () => {
    const brief = { ...running, endedAt: '2026-11-29T00:00:04.000Z' };
    expect(searchOf(containerTimelineLink(brief))).toMatchObject({ since: '2026-11-28T23:59:00.000Z' });
  });
});
