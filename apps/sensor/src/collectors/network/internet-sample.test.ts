import { expect, it } from 'vitest';
import { createInternetSample } from './internet-sample.ts';

const addressOf = (index: number): string => `203.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;

it('counts few addresses exactly and names the busiest first', () => {
  const sample = createInternetSample();
  for (let index = 0; index < 40; index += 1) for (let time = 0; time <= index; time += 1) sample.add(addressOf(index));
  expect(sample.count()).toBe(40);
  expect(sample.addresses()).toHaveLength(16);
  expect(sample.addresses()[0]).toBe(addressOf(39));
});

it.each([100, 1000, 10_000, 20_000])('counts %i addresses within 5 %%', (many) => {
  const sample = createInternetSample();
  for (let index = 0; index < many; index += 1) sample.add(addressOf(index));
  for (let index = 0; index < many; index += 1) sample.add(addressOf(index));
  expect(Math.abs(sample.count() - many) / many).toBeLessThan(0.05);
});

it('keeps a busy address among very many that come once', () => {
  const sample = createInternetSample();
  for (let index = 0; index < 5000; index += 1) {
    sample.add(addressOf(index));
    sample.add('198.51.100.7');
  }
  expect(sample.addresses()[0]).toBe('198.51.100.7');
  expect(sample.addresses().length).toBeLessThanOrEqual(16);
});

it('does not go beyond all measure when full', () => {
  const sample = createInternetSample();
  for (let index = 0; index < 300_000; index += 1) sample.add(addressOf(index));
  expect(Number.isFinite(sample.count())).toBe(true);
  expect(sample.count()).toBeGreaterThan(50_000);
});
