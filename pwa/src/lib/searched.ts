import type { Searched } from '@xunge/client'
import type { cases, registry } from '@xunge/types'

/** What of a document on this device is searched, by its kind. */
export const searched: Searched = {
  case: ({ number, description, address }: cases.Case) => [number, description, address],
  person: ({ name, number, phone, domicile }: registry.PersonDocument) => [
    ...[name, number, phone, domicile],
  ],
  'person.full': ({ name, number, phone, domicile }: registry.PersonFull) => [
    ...[name, number, phone, domicile],
  ],
  room: ({ address, building, unit, number }: registry.RoomDocument) => [
    ...[address, building, unit, number],
  ],
}
