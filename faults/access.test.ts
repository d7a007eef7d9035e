import { testCases } from './testCases.ts'

testCases(['A05', 'A08', 'A20', 'A22'])
