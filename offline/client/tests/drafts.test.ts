import { expect, test } from 'vitest'
import { deliverAll, Phone, signedIn } from './world'

async function photo(text: string, phone: Awaited<ReturnType<typeof signedIn>>) {
  const blob = new Blob([text], { type: 'image/jpeg' })
  const described = await phone.client.outbox.describe(blob)
  return { described, media: { id: described.id, kind: 'photo' as const, name: 'p.jpg', blob } }
}

test('a form survives a kill, with its photos, and ends when it is submitted', async () => {
  const phone = new Phone()
  const before = await signedIn(phone)
  const [one, two] = [await photo('one', before), await photo('two', before)]
  before.client.drafts.save('report', { description: '路' }, [one.media])
  before.client.drafts.save('report', { description: '路灯' }, [one.media, two.media])
  phone.clock.advance(200)
  await before.client.drafts.flush()
  before.kill()

  const tab = await phone.open()
  const draft = await tab.client.drafts.load('report')
  expect(draft?.value).toEqual({ description: '路灯' })
  expect(await draft?.blobs.get(two.media.id)?.text()).toBe('two')
  tab.client.drafts.save('report', { description: '路灯坏' }, [two.media])
  tab.hide()
  expect((await tab.client.drafts.list())[0]?.value).toBeDefined()
  expect((await tab.client.drafts.load('report'))?.media).toEqual([two.media.id])
  expect(await tab.client.outbox.blob(one.media.id)).toBeNull()

  await tab.client.outbox.submit(
    'case.report',
    {
      case: tab.client.outbox.newId(),
      report: tab.client.outbox.newId(),
      category: '0101',
      description: '路灯坏',
      position: { longitude: 120.65, latitude: 28 },
      media: [{ ...two.described, role: 'near' }],
    },
    { draft: 'report', media: [{ id: two.media.id, kind: 'photo', name: 'p.jpg' }] },
  )
  expect(await tab.client.drafts.load('report')).toBeNull()
  await deliverAll(phone, tab)
  expect([...phone.server.media.keys()]).toEqual([two.media.id])
})

test('a form left open in another tab takes nothing back from what was submitted', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  const other = await phone.open()
  const { described, media } = await photo('one', tab)
  tab.client.drafts.save('report', { description: '路' }, [media])
  await tab.client.drafts.flush()
  await tab.client.outbox.submit(
    'case.report',
    {
      case: tab.client.outbox.newId(),
      report: tab.client.outbox.newId(),
      category: '0101',
      description: '路',
      position: { longitude: 120.65, latitude: 28 },
      media: [{ ...described, role: 'near' }],
    },
    { draft: 'report', media: [media] },
  )
  other.client.drafts.save('report', { description: '路灯' }, [media])
  await other.client.drafts.flush()
  expect(await other.client.drafts.list()).toEqual([])
  await deliverAll(phone, tab)
  expect([...phone.server.media.keys()]).toEqual([media.id])
})

test('a discarded draft leaves nothing behind', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  const { media } = await photo('one', tab)
  tab.client.drafts.save('report', {}, [media])
  await tab.client.drafts.flush()
  await tab.client.drafts.discard('report')
  expect(await tab.client.drafts.list()).toEqual([])
  expect(await tab.client.outbox.blob(media.id)).toBeNull()
})
