import type { cases, commands } from '@xunge/types'
import { roleNames, isPhotoRole, type PhotoRole, type Shot } from './shots'

/** A report being written. Everything a person typed or took, saved at every keystroke. */
export interface ReportDraft {
  step: number
  category: string | null
  description: string
  urgent: boolean
  selfHandled: boolean
  shots: Shot[]
  position: cases.Position | null
  /** The person moved the map, so the phone's own fixes no longer move the point. */
  placed: boolean
  address: string
  outside: OutsideDraft | null
  /** Of the refused report that this one corrects; a fresh report gets its ids at submit. */
  ids: { case: string; report: string } | null
}

/** What a clerk adds when somebody else reported. */
export interface OutsideDraft {
  source: cases.Report['source']
  name: string
  phone: string
  private: boolean
  callBack: boolean
  number: string
}

export interface Missing {
  step: number
  text: string
}

export function blankReport(outside: OutsideDraft | null = null): ReportDraft {
  return {
    step: 1,
    category: null,
    description: '',
    urgent: false,
    selfHandled: false,
    shots: [],
    position: null,
    placed: false,
    address: '',
    outside,
    ids: null,
  }
}

export const blankOutside: OutsideDraft = {
  source: 'hotline',
  name: '',
  phone: '',
  private: false,
  callBack: false,
  number: '',
}

/** A refused report as a draft again. */
export function draftOf(report: commands.ReportCase): ReportDraft {
  const source = report.source ?? 'worker'
  const inField = source === 'worker' || source === 'supervisor'
  return {
    ...blankReport(),
    step: 2,
    category: report.category,
    description: report.description,
    urgent: report.urgent ?? false,
    selfHandled: report.self_handled ?? false,
    shots: (report.media ?? []) as Shot[],
    position: report.position as cases.Position,
    placed: true,
    address: report.address ?? '',
    outside: inField
      ? null
      : {
          source,
          name: report.reporter?.name ?? '',
          phone: report.reporter?.phone ?? '',
          private: report.private ?? false,
          callBack: report.call_back ?? false,
          number: report.outside_number ?? '',
        },
    ids: { case: report.case, report: report.report },
  }
}

export function requiredRoles(draft: ReportDraft, photoRoles: string[]): PhotoRole[] {
  if (draft.outside) return []
  if (draft.selfHandled) return ['before', 'after']
  return photoRoles.filter(isPhotoRole)
}

/** What is still needed before it can be sent, in the order of the steps. */
export function missingOf(draft: ReportDraft, photoRoles: string[], album: boolean): Missing[] {
  const missing: Missing[] = []
  for (const role of requiredRoles(draft, photoRoles)) {
    if (!draft.shots.some((shot) => shot.role === role)) {
      const step = role === 'before' || role === 'after' ? 2 : 1
      missing.push({ step, text: `还差${roleNames[role]}照片` })
    }
  }
  if (!album && !draft.outside && draft.shots.some((shot) => shot.origin === 'album')) {
    missing.push({ step: 1, text: '这个类别只收现场拍摄的照片，请删除相册照片后重拍' })
  }
  if (!draft.category) missing.push({ step: 2, text: '还没有选择类别' })
  if (draft.outside && !draft.description.trim()) missing.push({ step: 2, text: '请填写问题描述' })
  if (!draft.position) missing.push({ step: 3, text: '还没有位置，请在地图上标出' })
  return missing.sort((a, b) => a.step - b.step)
}
