/** What the people of the sample list are called, where they live and what they buy. Nobody in it is real. */
export const FIRST_NAMES =
  'Ana,Antônio,Beatriz,Bruno,Caio,Camila,Cecília,César,Conceição,Daniel,Débora,Diego,Eduarda,Elaine,Érica,Fábio,Fernanda,Flávia,Gabriel,Gisele,Glória,Heitor,Helena,Ícaro,Igor,Inês,Isabela,João,Joaquim,Jorge,José,Júlia,Júlio,Karina,Kauã,Larissa,Laís,Leandro,Letícia,Luís,Luíza,Márcia,Marcos,Mariana,Mário,Matheus,Nádia,Natália,Nelson,Otávio,Patrícia,Paulo,Pedro,Rafaela,Raíssa,Renan,Rita,Roberta,Rogério,Sandra,Sérgio,Sílvia,Sônia,Tainá,Tânia,Thiago,Úrsula,Valéria,Vânia,Vinícius,Vitória,Wesley,Yasmin,Zélia'.split(
    ',',
  )
export const FAMILY_NAMES =
  'Almeida,Alves,Araújo,Barbosa,Barros,Brandão,Cardoso,Carvalho,Castro,Conceição,Correia,Costa,Dias,dos Santos,Esteves,Farias,Fernandes,Ferreira,Freitas,Gomes,Gonçalves,Guimarães,Leão,Lima,Lopes,Magalhães,Maia,Marques,Martins,Melo,Mendes,Monteiro,Moraes,Moreira,Nascimento,Neves,Nogueira,Nunes,Oliveira,Pacheco,Peixoto,Pereira,Pinto,Pires,Ramos,Reis,Ribeiro,Rocha,Rodrigues,Sá,Santana,Silva,Simões,Souza,Tavares,Teixeira,Vieira,Xavier'.split(
    ',',
  )
export const CITIES: readonly [city: string, ddd: string][] = [
  ['São Paulo', '11'],
  ['Guarulhos', '11'],
  ['Santos', '13'],
  ['Campinas', '19'],
  ['Ribeirão Preto', '16'],
  ['Rio de Janeiro', '21'],
  ['Niterói', '21'],
  ['Vitória', '27'],
  ['Belo Horizonte', '31'],
  ['Uberlândia', '34'],
  ['Curitiba', '41'],
  ['Londrina', '43'],
  ['Florianópolis', '48'],
  ['Porto Alegre', '51'],
  ['Santa Maria', '55'],
  ['Brasília', '61'],
  ['Goiânia', '62'],
  ['Cuiabá', '65'],
  ['Salvador', '71'],
  ['Aracaju', '79'],
  ['Recife', '81'],
  ['Fortaleza', '85'],
  ['Belém', '91'],
  ['Manaus', '92'],
  ['São Luís', '98'],
]
export const COMPANIES = [
  '',
  '',
  '',
  'Padaria Pão Quente',
  'Mercadinho São Jorge',
  'Oficina do Zé',
  'Clínica Bem-Estar',
  'Açaí & Cia',
  'Ótica Visão',
  'Pet Shop Au-Au',
  'Construções "Boa Obra"',
  'Escola Aprender; Brincar',
]
export const PRODUCTS = [
  '',
  'Café especial',
  'Pão de queijo',
  'Plano anual',
  'Corte + barba',
  'Ração 10 kg',
  'Óculos de sol',
  'Açaí 500 ml',
  'Mensalidade',
]
export const EMOJI = ['🦜', '⭐', '❤️', '👩🏽‍🔧', '🇧🇷', '🙏🏾']
