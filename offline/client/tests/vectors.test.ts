/** What is sealed here is what the service opens, and what it took for sealed. */

import { readFileSync } from 'node:fs'
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { expect, test } from 'vitest'
import { fromBase64, webKeys } from '../src/keys'
import { webCrypt } from '../src/crypt'

interface SealVectors {
  private_key: JsonWebKey
  seal_key: string
  readable: { info: string; plain: string; sealed: string }[]
}
interface CommandVectors {
  media: { sha256: string; plain: string; encrypted: string; key: string }
}

function vectors(name: string): unknown {
  const text = readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url))
  return JSON.parse(text.toString())
}

const seal = vectors('seal') as SealVectors
const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})

async function open(info: string, sealed: string): Promise<string> {
  const bytes = fromBase64(sealed)
  const recipientKey = await suite.kem.importKey('jwk', seal.private_key, false)
  const parameters = {
    recipientKey,
    enc: bytes.slice(0, 65).buffer,
    info: new TextEncoder().encode(info).buffer,
  }
  return new TextDecoder().decode(await suite.open(parameters, bytes.slice(65).buffer))
}

test.for(seal.readable)(
  '$info is sealed as the service opens it',
  async ({ info, plain, sealed }) => {
    expect(await open(info, sealed)).toBe(plain)
    const mine = await webKeys(crypto).seal(seal.seal_key, info, plain)
    expect(await open(info, mine)).toBe(plain)
    await expect(open(`${info}x`, mine)).rejects.toThrow()
  },
)

test('an encrypted photo is what the service decrypts', async () => {
  const { media } = vectors('commands') as CommandVectors
  const crypt = webCrypt(globalThis.crypto)
  const key = await crypt.aesKey(fromBase64(media.key))
  const plain = await crypt.decrypt(key, fromBase64(media.encrypted), '')
  expect(plain).toEqual(fromBase64(media.plain))
  expect(await webKeys(crypto).sha256(fromBase64(media.plain))).toBe(media.sha256)
})
