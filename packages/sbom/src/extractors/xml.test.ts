import { describe, expect, it } from 'vitest';
import { childOf, childrenOf, descendantsOf, parseXml, textIn } from './xml.ts';

describe('parseXml', () => {
  it('gives elements, attributes and text', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- c --><m:a xmlns:m="x" k="1 &lt; 2"><b> t &amp; u </b><b/><c><d/></c></m:a>',
      ['a'],
    );
    expect(root.attributes.k).toBe('1 < 2');
    expect(textIn(root, 'b')).toBe('t & u');
    expect(childrenOf(root, 'b')).toHaveLength(2);
    expect(childOf(childOf(root, 'c'), 'd')).toMatchObject({ children: [], text: '' });
    expect([...descendantsOf(root)].map(({ name }) => name)).toEqual(['b', 'b', 'c', 'd']);
  });

  it('expands no entities of the document', () => {
    const bomb = `<!DOCTYPE a [<!ENTITY x "y"><!ENTITY y "&x;&x;&x;">]><a><b>&y;</b></a>`;
    expect(textIn(parseXml(bomb, ['a']), 'b')).toBe('&y;');
    expect(() => parseXml('<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><b>&f;</b>', ['a'])).toThrow();
  });

  it('stops at deep nesting', () => {
    expect(() => parseXml(`<a>${'<b>'.repeat(5000)}${'</b>'.repeat(5000)}</a>`, ['a'])).toThrow();
  });

  it.each(['', 'text', '<other/>', '{"a":1}'])('refuses %s', (text) => expect(() => parseXml(text, ['a'])).toThrow());
});
