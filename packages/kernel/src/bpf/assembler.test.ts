import { describe, expect, it } from 'vitest';
import { type Assembler, assemble } from './assembler.ts';

const hex = (write: (asm: Assembler) => void): string => Buffer.from(assemble(write)).toString('hex');

/** Expected bytes worked out by hand from the opcode tables of RFC 9669. */
describe('assemble', () => {
  it('writes moves, arithmetic and the end', () => {
    expect(
      hex((asm) => {
        asm.move('r0', 7);
        asm.move('r6', 'r1');
        asm.alu('add', 'r2', -4);
        asm.alu('and', 'r7', 'r3');
        asm.exit();
      }),
    ).toBe(
      ['b700000007000000', 'bf16000000000000', '07020000fcffffff', '5f37000000000000', '9500000000000000'].join(''),
    );
  });

  it('writes loads and stores of every size', () => {
    expect(
      hex((asm) => {
        asm.load(1, 'r1', 'r6', 2);
        asm.load(2, 'r1', 'r6', 2);
        asm.load(4, 'r1', 'r6', 2);
        asm.load(8, 'r1', 'r6', -8);
        asm.store(4, 'r10', -4, 9);
        asm.store(8, 'r9', 16, 'r0');
        asm.atomicAdd(8, 'r0', 0, 'r1');
      }),
    ).toBe(
      [
        '7161020000000000',
        '6961020000000000',
        '6161020000000000',
        '7961f8ff00000000',
        '620afcff09000000',
        '7b09100000000000',
        'db10000000000000',
      ].join(''),
    );
  });

  it('writes 64-bit values and maps as two instructions', () => {
    expect(hex((asm) => asm.moveLong('r1', 0x1122_3344_aabb_ccddn))).toBe('18010000ddccbbaa' + '0000000044332211');
    expect(hex((asm) => asm.moveMap('r1', 5))).toBe('1811000005000000' + '0000000000000000');
  });

  it('counts jumps from the instruction after them, forwards and backwards', () => {
    expect(
      hex((asm) => {
        asm.label('top');
        asm.jumpIf('eq', 'r0', 0, 'end');
        asm.jumpIf('gt', 'r1', 'r2', 'top');
        asm.jump('end');
        asm.label('end');
        asm.exit();
      }),
    ).toBe(['1500020000000000', '2d21feff00000000', '0500000000000000', '9500000000000000'].join(''));
  });

  it('refuses what would be a broken program', () => {
    expect(() => hex((asm) => asm.jump('nowhere'))).toThrow('no label nowhere');
    const twice = (asm: Assembler): void => {
      asm.label('a');
      asm.label('a');
    };
    expect(() => hex(twice)).toThrow('set twice');
    expect(() => hex((asm) => asm.move('r0', 2 ** 31))).toThrow('does not fit');
    expect(() => hex((asm) => asm.load(8, 'r0', 'r1', 40_000))).toThrow('does not fit');
  });

  it('makes labels that nothing else has', () => {
    assemble((asm) => expect(asm.fresh('x')).not.toBe(asm.fresh('x')));
  });
});
