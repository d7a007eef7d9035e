import { testCases } from './testCases.ts'

testCases(['A20', 'A22'])
