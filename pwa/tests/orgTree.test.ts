import { describe, expect, it } from 'vitest'
import { reachable, type Relation } from '../src/lib/orgTree'

const orgs = [
  { code: 'city', name: '中心', parent: null },
  { code: 'town', name: '街道', parent: 'city' },
  { code: 'roads', name: '市政', parent: 'city' },
  { code: 'village', name: '社区', parent: 'town' },
  { code: 'lane', name: '小区', parent: 'village' },
]

function from(own: string, ...within: Relation[]): string[] {
  return reachable(orgs, own, within).map(({ code }) => code)
}

describe('orgs to choose from, seen from my own', () => {
  it('are all when nothing limits them', () => {
    expect(from('town')).toHaveLength(5)
  })

  it('are those of the relations asked for', () => {
    expect(from('town', 'parent')).toEqual(['city'])
    expect(from('town', 'children')).toEqual(['village'])
    expect(from('town', 'descendants')).toEqual(['village', 'lane'])
    expect(from('town', 'siblings')).toEqual(['roads'])
    expect(from('town', 'siblings', 'children')).toEqual(['roads', 'village'])
  })

  it('are none above the root or beside it', () => {
    expect(from('city', 'parent', 'siblings')).toEqual([])
  })

  it('come to an end in a ring', () => {
    const ring = [
      { code: 'a', name: '甲', parent: 'b' },
      { code: 'b', name: '乙', parent: 'a' },
      { code: 'c', name: '丙', parent: null },
    ]
    expect(reachable(ring, 'c', ['descendants'])).toEqual([])
  })
})
