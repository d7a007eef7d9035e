import { testCases } from './testCases.ts'

testCases(['K01-embedded', 'P01', 'P03'])
