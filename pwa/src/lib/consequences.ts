import type { cases, catalogue } from '@xunge/types'

/** What a grave action will do to this case, each in words; empty for any other. */
export function consequences(
  action: catalogue.Action,
  subject: cases.Case,
  flow: catalogue.Flow | undefined,
  orgName: (code: string) => string,
): string[] {
  const grave = action.tone === 'danger' || action.effects.includes('settle_assignments')
  if (!grave) return []
  const to = flow?.states.find(({ code }) => code === action.to)
  if (!to?.ending) return []
  const open = subject.assignments.filter(({ state }) => state === 'open')
  const names = open.map(({ org }) => orgName(org)).join('、')
  return [
    `案件就此结束，成为“${to.name}”，不能恢复办理。`,
    ...(open.length > 0 ? [`还在办理的 ${open.length} 个部门（${names}）随之撤回。`] : []),
    ...(subject.tasks.length > 0 ? [`还没做完的 ${subject.tasks.length} 项任务随之作废。`] : []),
  ]
}
