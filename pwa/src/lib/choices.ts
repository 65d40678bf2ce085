/** What of a case an action can be about, seen from the acting post. */

import { answerable, type ActingPost } from '@xunge/rules'
import type { cases, catalogue } from '@xunge/types'
import { limitText } from './time'

type Action = catalogue.Action
type Request = cases.Request
type Level = catalogue.RequestRule['levels'][number]

/** The open parts it may name: given by my org when it takes one back, else those of my org. */
export function partsFor(action: Action, subject: cases.Case, me: ActingPost): cases.Assignment[] {
  const open = subject.assignments.filter(({ state }) => state === 'open')
  return action.effects.includes('withdraw_assignment')
    ? open.filter(({ by_org }) => by_org === me.org)
    : open.filter(({ org }) => org === me.org)
}

/** Whether there is anything for it to be about: a part to sign for, one to take back. */
export function hasObject(action: Action, subject: cases.Case, me: ActingPost): boolean {
  const parts = () => partsFor(action, subject, me)
  if (action.effects.includes('sign_assignment'))
    return parts().some(({ holder }) => holder === null)
  return !action.effects.includes('withdraw_assignment') || parts().length > 0
}

/** The open requests it may answer or take back. */
export function requestsFor(
  action: Action,
  subject: cases.Case,
  me: ActingPost,
  flow: catalogue.Flow | undefined,
): Request[] {
  if (action.effects.includes('withdraw_request'))
    return subject.requests.filter(({ state, org }) => state === 'open' && org === me.org)
  return flow ? answerable(subject, me, flow) : []
}

export function directivesFor(subject: cases.Case): cases.Directive[] {
  return subject.directives.filter(({ answered_at }) => answered_at === null)
}

export function levelsOf(flow: catalogue.Flow | undefined, request: Request): readonly Level[] {
  return flow?.requests.find(({ kind }) => kind === request.kind)?.levels ?? []
}

/** Why a word may not be given at this level, by verdict. The server decides again. */
export function barredWords(
  flow: catalogue.Flow | undefined,
  request: Request,
): Partial<Record<string, string>> {
  const levels = levelsOf(flow, request)
  const level = levels[request.level]
  if (!level) return {}
  const upTo = level.up_to
  const beyond = upTo !== null && request.limit !== null && exceeds(request.limit, upTo)
  return {
    ...(request.level >= levels.length - 1 && { passed_up: '已是最后一级，不能再报上级' }),
    ...(beyond && { granted: `${level.name}最多可批${limitText(upTo)}，请报上级` }),
  }
}

/** Spans that one calendar can compare without knowing its hours. */
const SCALE: Record<catalogue.Limit['unit'], [string, number]> = {
  work_minute: ['work', 1],
  work_hour: ['work', 60],
  work_day: ['work_day', 1],
  urgent_hour: ['urgent', 1],
  urgent_day: ['urgent', 24],
}

/** Whether one limit is surely longer than another; false when only a calendar could tell. */
export function exceeds(one: catalogue.Limit, other: catalogue.Limit): boolean {
  const [kind, size] = SCALE[one.unit]
  const [otherKind, otherSize] = SCALE[other.unit]
  return kind === otherKind && one.value * size > other.value * otherSize
}
