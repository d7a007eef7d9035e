import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'

const AREA_CODES = [
  11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 24, 27, 28, 31, 32, 33, 34, 35, 37, 38, 41, 42, 43, 44, 45, 46, 47, 48,
  49, 51, 53, 54, 55, 61, 62, 63, 64, 65, 66, 67, 68, 69, 71, 73, 74, 75, 77, 79, 81, 82, 83, 84, 85, 86, 87, 88, 89,
  91, 92, 93, 94, 95, 96, 97, 98, 99,
]
const FIRST_NAMES = [
  'Ana',
  'João',
  'Conceição',
  'Luís',
  'Márcia',
  'Tiago',
  'Antônia',
  'Zé',
  'Flávia',
  'Caio',
  'Íris',
  'Nádia',
]
const LAST_NAMES = ['da Silva', 'Araújo', 'Gonçalves', 'Pires', 'Sant’Anna', 'Müller', 'Brandão', 'Sá']
const CITIES = ['São Paulo', 'Ribeirão Preto', 'Belém', 'Goiânia', 'Florianópolis', 'Niterói']
const BAD = ['sem telefone', '1,19876E+10', '12345', '(00) 98765-4321', '']
/** One row in a hundred cannot be dialled. */
const BAD_EVERY = 100
const CHUNK_ROWS = 5000

/** How one mobile number, `11` and `987654321`, is found in lists that people keep. */
const SPELLINGS: ((area: number, mobile: string) => string)[] = [
  (area, mobile) => `+55 ${area} ${mobile.slice(0, 5)}-${mobile.slice(5)}`,
  (area, mobile) => `(${area}) ${mobile.slice(0, 5)}-${mobile.slice(5)}`,
  (area, mobile) => `${area}${mobile}`,
  (area, mobile) => `55${area}${mobile}`,
  (area, mobile) => `0${area} ${mobile.slice(0, 5)} ${mobile.slice(5)}`,
  (area, mobile) => `(0xx${area}) ${mobile.slice(0, 5)}.${mobile.slice(5)}`,
  // Without the ninth digit, as before 2012.
  (area, mobile) => `${area} ${mobile.slice(1, 5)}-${mobile.slice(5)}`,
]

/** Writes a list of different people, the same at every call; memory does not grow with it. Returns how many can be dialled. */
export async function writeContactsCsv(file: string, rows: number): Promise<number> {
  const out = createWriteStream(file)
  out.write('nome;telefone;cidade;pedido\n')
  let bad = 0
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const lines: string[] = []
    for (let n = from; n < Math.min(from + CHUNK_ROWS, rows); n++) {
      const isBad = n % BAD_EVERY === BAD_EVERY - 1
      if (isBad) bad += 1
      const phone = isBad ? (BAD[Math.floor(n / BAD_EVERY) % BAD.length] ?? '') : phoneOf(n)
      lines.push(`${nameOf(n)};${phone};${CITIES[n % CITIES.length]};${100_000 + n}\n`)
    }
    if (!out.write(lines.join(''))) await once(out, 'drain')
  }
  await finished(out.end())
  return rows - bad
}

/** A different number for every `n`: area by area, and within an area spread over the block 98xxxxxxx. */
function phoneOf(n: number): string {
  const area = AREA_CODES[n % AREA_CODES.length] ?? 11
  const serial = (Math.floor(n / AREA_CODES.length) * 7919) % 10_000_000
  const spelling = SPELLINGS[n % SPELLINGS.length]
  return spelling?.(area, `98${String(serial).padStart(7, '0')}`) ?? ''
}

function nameOf(n: number): string {
  return `${FIRST_NAMES[n % FIRST_NAMES.length]} ${LAST_NAMES[Math.floor(n / 12) % LAST_NAMES.length]}`
}
