import type { registry } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import { faultsOf, type Mine, shownOf } from '../src/lib/registry'

const held = {
  id: 'p',
  version: 4,
  county: '330304',
  grid: 'g',
  area_path: '330304/g',
  name: '王**',
  phone: '100****0001',
  sex: '1',
  disputes: [],
} as unknown as registry.PersonDocument

function edit(id: string, version: number | null, phone: string): Mine {
  const said = { kind: 'person', id: 'p', source: 'edit', values: { phone } } as const
  return { id, said, delivered: version !== null, version }
}

describe('a record with what was said of it here', () => {
  it('shows what has not come back yet, and marks what has not been delivered', () => {
    const mine = [
      edit('a', 4, '10000000001'),
      edit('b', 5, '10000000002'),
      edit('c', null, '10000000003'),
    ]
    const shown = shownOf('person', 'p', held, null, mine)
    expect(shown.values.phone).toBe('10000000003')
    expect([...shown.pending]).toEqual(['phone'])
    expect(shown.after).toEqual(['b', 'c'])
    expect(shown.version).toBe(4)
  })

  it('takes whole values only of the version it shows', () => {
    const full = {
      id: 'p',
      version: 4,
      name: '王小样',
      disputes: [],
    } as unknown as registry.PersonFull
    expect(shownOf('person', 'p', held, full, []).values.name).toBe('王小样')
    expect(shownOf('person', 'p', held, { ...full, version: 3 }, []).values.name).toBe('王**')
  })
})

describe('what is wrong with a form', () => {
  const today = '2026-11-27'

  it('asks for what is required', () => {
    expect([...faultsOf('person', {}, new Set(), today).keys()]).toEqual(['name', 'room'])
  })

  it('looks only at what was changed: a masked number is no fault', () => {
    const values = { name: '样', room: 'r', number: '330***********991X', phone: '100****0001' }
    expect(faultsOf('person', values, new Set(['name']), today).size).toBe(0)
    const changed = { ...values, number: '330304199301019919', phone: 'x' }
    const faults = faultsOf('person', changed, new Set(['number', 'phone']), today)
    expect([...faults.keys()]).toEqual(['number', 'phone'])
  })
})
