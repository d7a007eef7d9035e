import { testCases } from './testCases.ts'

testCases(['I01', 'I02', 'I03', 'I04', 'I06', 'I07', 'I09', 'I10', 'I11', 'I12', 'I13', 'I15'])
