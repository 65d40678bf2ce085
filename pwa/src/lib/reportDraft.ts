import type { cases, commands } from '@xunge/types'
import type { Answers } from '@xunge/rules'
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
  /** The form that the category asks for, with the version it is being filled by. */
  form: cases.FormRef | null
  answers: Answers
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
    form: null,
    answers: {},
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
    form: report.form ?? null,
    answers: report.answers ?? {},
    ids: { case: report.case, report: report.report },
  }
}

export function requiredRoles(draft: ReportDraft, photoRoles: string[]): PhotoRole[] {
  if (draft.outside) return []
  if (draft.selfHandled) return ['before', 'after']
  return photoRoles.filter(isPhotoRole)
}

/** The step of the form, when there is one, and that of the place. */
export const FORM_STEP = 3
export const placeStep = ({ form }: Pick<ReportDraft, 'form'>): number => (form ? 4 : 3)

/**
 * What is still needed before it can be sent, in the order of the steps. `faults` is what is wrong
 * in the form.
 */
export function missingOf(
  draft: ReportDraft,
  photoRoles: string[],
  album: boolean,
  faults: readonly string[] = [],
): Missing[] {
  const missing: Missing[] = faults.map((text) => ({ step: FORM_STEP, text }))
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
  if (!draft.position) missing.push({ step: placeStep(draft), text: '还没有位置，请在地图上标出' })
  return missing.sort((a, b) => a.step - b.step)
}
