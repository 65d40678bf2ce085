/** How somebody stands to a case: the twin of backend/cases/rules/parties.py. */

import type { cases, catalogue, directory } from '@xunge/types'

export type Party = catalogue.Action['party'][number]

const WORKING = new Set<cases.Assignment['kind']>(['main', 'assist', 'help'])

/** Every standing in a case as `party:holder`. */
export function parts(document: cases.Case): Set<string> {
  const found = new Set<string>()
  const involved = new Set<string>(document.former_closers)
  const first = document.reports[0]
  if (first) found.add(`raiser:${first.user}`)
  for (const user of document.owners) found.add(`owner:${user}`)
  if (document.closing_org !== null) {
    involved.add(document.closing_org)
    found.add(`closer:${document.closing_org}`)
  }
  for (const each of document.assignments) {
    involved.add(each.org)
    if (each.by_org !== null) involved.add(each.by_org)
    if (each.state !== 'open') continue
    if (WORKING.has(each.kind)) found.add(`assignee:${each.org}`)
    if (each.kind === 'main') found.add(`main:${each.org}`)
    if (each.kind === 'copy') found.add(`copied:${each.org}`)
    if (each.by_org !== null) found.add(`assigner:${each.by_org}`)
  }
  for (const request of document.requests) {
    involved.add(request.org)
    if (request.state !== 'open') continue
    found.add(`asker:${request.org}`)
    found.add(`answerer:${request.answerer_org ?? 'county'}`)
  }
  if (document.directives.some((each) => waits(each, document)))
    for (const org of atWork(document)) found.add(`directed:${org}`)
  for (const org of involved) found.add(`involved:${org}`)
  return found
}

/** Whether the actor stands to the case in any of the ways named. */
export function isParty(
  document: cases.Case,
  actor: Pick<directory.SessionView, 'user' | 'org'>,
  wanted: readonly Party[],
): boolean {
  const there = parts(document)
  return wanted.some((party) => holders(actor, party).some((entry) => there.has(entry)))
}

/** How many assignments closing still waits for. */
export function openParts(document: cases.Case): number {
  return document.assignments.filter(({ state, kind }) => state === 'open' && WORKING.has(kind))
    .length
}

function holders(actor: Pick<directory.SessionView, 'user' | 'org'>, party: Party): string[] {
  if (party === 'raiser' || party === 'owner') return [`${party}:${actor.user}`]
  if (party === 'answerer') return [`answerer:${actor.org}`, 'answerer:county']
  return [`${party}:${actor.org}`]
}

/** Whether somebody is to answer it; an end answers all that was said before it. */
function waits(directive: cases.Directive, { ended_at }: cases.Case): boolean {
  const since = ended_at === null || Date.parse(directive.at) >= Date.parse(ended_at)
  return directive.answered_at === null && directive.due_at !== null && since
}

function atWork(document: cases.Case): Set<string> {
  const working = document.assignments
    .filter(({ state, kind }) => state === 'open' && WORKING.has(kind))
    .map(({ org }) => org)
  if (working.length > 0) return new Set(working)
  return new Set(document.closing_org === null ? [] : [document.closing_org])
}
