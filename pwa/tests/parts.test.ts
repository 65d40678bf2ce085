import type { cases } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import { partsText, searched, treeOf } from '../src/lib/parts'

const names: Record<string, string> = { town: '街道', roads: '市政', water: '供水', lane: '社区' }
const nameOf = (org: string) => names[org] ?? org

function part(org: string, more: Partial<cases.Assignment> = {}): cases.Assignment {
  return {
    id: `${org}-${more.by_org ?? ''}`,
    org,
    post: null,
    kind: 'main',
    state: 'open',
    requirement: '',
    limit: null,
    assigned_at: '2026-11-21T00:00:00Z',
    answered_at: null,
    by_org: 'centre',
    by_user: null,
    by_post: null,
    holder: null,
    media: [],
    failed_checks: 0,
    ...more,
  }
}

describe('who was given a part by whom', () => {
  const parts = [
    part('town'),
    part('roads', { kind: 'assist', state: 'answered' }),
    part('lane', { by_org: 'town', requirement: '先围挡' }),
    part('water', { by_org: 'lane', kind: 'help', holder: 'u' }),
  ]

  it('hangs each part under the org that gave it', () => {
    const [town, roads] = treeOf(parts)
    expect(town?.given.map(({ part: each }) => each.org)).toEqual(['lane'])
    expect(town?.given[0]?.given.map(({ part: each }) => each.org)).toEqual(['water'])
    expect(roads?.given).toEqual([])
  })

  it('finds an org however deep it hangs', () => {
    expect(searched(treeOf(parts), '供', nameOf).map(({ part: each }) => each.org)).toEqual([
      'water',
    ])
    expect(searched(treeOf(parts), '燃气', nameOf)).toEqual([])
  })

  it('reads as text', () => {
    expect(partsText('案件 1', treeOf(parts), nameOf)).toBe(
      [
        '案件 1',
        '主办 街道（待签收）',
        '  主办 社区（待签收）：先围挡',
        '    协助 供水（办理中）',
        '协办 市政（已办结）',
      ].join('\n'),
    )
  })
})
