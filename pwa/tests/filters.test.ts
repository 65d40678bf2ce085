import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { narrowed, narrowing, query, readFilters, writeFilters } from '../src/lib/filters'

/** As a router reads an address again. */
function reopened(text: string) {
  const found: Record<string, string | string[]> = {}
  for (const [name, value] of new URLSearchParams(text))
    found[name] = name in found ? [found[name] ?? [], value].flat() : value
  return readFilters(found)
}

const filters = fc.record(
  {
    box: fc.string({ minLength: 1 }),
    q: fc.string({ minLength: 1 }),
    lamp: fc.constantFrom('red' as const, 'green' as const),
    source: fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }),
    urgent: fc.boolean(),
    reported_within: fc.constantFrom('today' as const, 'month' as const),
    shape: fc.constant('circle:120.6,28,500'),
  },
  { requiredKeys: [] },
)

describe('filters in an address', () => {
  it('are the same when it is opened again', () => {
    fc.assert(
      fc.property(filters, (each) => {
        expect(reopened(query(each))).toEqual(each)
        expect(readFilters(writeFilters(each))).toEqual(each)
      }),
    )
  })

  it('leave out what nobody can ask', () => {
    expect(readFilters({ lamp: 'blue', stage: 'x', other: '1', area: '' })).toEqual({})
  })

  it('never hold a telephone number', () => {
    expect(readFilters({ phone: '13800001234' })).toEqual({})
  })

  it('ask for a case that is not urgent, too', () => {
    expect(query({ urgent: false })).toBe('urgent=false')
  })
})

describe('narrowing', () => {
  it('counts what was chosen besides box and words', () => {
    expect(narrowing({ box: 'ended', q: '井盖', lamp: 'red', source: [] })).toEqual(['lamp'])
  })

  it('drops what asks nothing any more', () => {
    expect(narrowed({ lamp: 'red', area: 'a' }, { lamp: undefined, q: '' })).toEqual({ area: 'a' })
  })
})
