import type { commands } from '@xunge/types'
import { describe, expect, it } from 'vitest'
import { blankOutside, blankReport, draftOf, missingOf } from '../src/lib/reportDraft'
import type { PhotoRole, Shot } from '../src/lib/shots'

function shot(role: PhotoRole, origin: Shot['origin'] = 'camera'): Shot {
  return { id: role, role, origin, sha256: '0', size: 1, taken_at: null, position: null }
}

const here = {
  longitude: 120.6,
  latitude: 28,
  accuracy_m: 8,
  source: 'gps' as const,
  datum: 'WGS-84' as const,
}
const texts = (...given: Parameters<typeof missingOf>) =>
  missingOf(...given).map(({ text }) => text)

describe('what a report still needs', () => {
  it('asks for the photos of its category, a category and a place, step by step', () => {
    expect(texts(blankReport(), ['near', 'far'], true)).toEqual([
      '还差近景照片',
      '还差远景照片',
      '还没有选择类别',
      '还没有位置，请在地图上标出',
    ])
  })

  it('asks a worker who put it right for before and after instead', () => {
    const draft = {
      ...blankReport(),
      category: 'C0103',
      position: here,
      selfHandled: true,
      shots: [shot('before')],
    }
    expect(texts(draft, ['near', 'far'], true)).toEqual(['还差处置后照片'])
  })

  it('refuses album photos where the category does', () => {
    const draft = {
      ...blankReport(),
      category: 'C0103',
      position: here,
      shots: [shot('near', 'album')],
    }
    expect(texts(draft, ['near'], false)).toHaveLength(1)
    expect(texts(draft, ['near'], true)).toEqual([])
  })

  it('asks a clerk for words, not photos', () => {
    const draft = { ...blankReport({ ...blankOutside }), category: 'E0101', position: here }
    expect(texts(draft, ['near', 'far'], true)).toEqual(['请填写问题描述'])
  })

  it('opens a refused report as it was sent', () => {
    const report: commands.ReportCase = {
      case: 'c',
      report: 'r',
      category: 'C0103',
      description: '破损',
      position: here,
      media: [shot('near')],
      source: 'hotline',
      reporter: { name: '张', phone: '12345' },
      call_back: true,
    }
    const draft = draftOf(report)
    expect(draft.ids).toEqual({ case: 'c', report: 'r' })
    expect(draft.outside).toMatchObject({ source: 'hotline', name: '张', callBack: true })
    expect(texts(draft, ['near', 'far'], true)).toEqual([])
  })
})
