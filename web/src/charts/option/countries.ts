// The countries and territories of ISO 3166-1 with their codes (two letters, three letters, number), the name that the page writes, and what
// else they are called: official names, and how statistics and atlases write them. A star: too small for the outlines of the world map.
const TABLE = `
AD AND 020 *Andorra
AE ARE 784 United Arab Emirates|UAE|U.A.E.|Emirates
AF AFG 004 Afghanistan
AG ATG 028 *Antigua and Barbuda
AI AIA 660 *Anguilla
AL ALB 008 Albania
AM ARM 051 Armenia
AO AGO 024 Angola
AQ ATA 010 *Antarctica
AR ARG 032 Argentina|Argentine Republic
AS ASM 016 *American Samoa
AT AUT 040 Austria
AU AUS 036 Australia
AW ABW 533 *Aruba
AX ALA 248 *Åland Islands|Aland
AZ AZE 031 Azerbaijan
BA BIH 070 Bosnia and Herzegovina|Bosnia|Bosnia and Herz.|Bosnia-Herzegovina
BB BRB 052 *Barbados
BD BGD 050 Bangladesh
BE BEL 056 Belgium
BF BFA 854 Burkina Faso
BG BGR 100 Bulgaria
BH BHR 048 *Bahrain|Kingdom of Bahrain
BI BDI 108 Burundi
BJ BEN 204 Benin
BL BLM 652 *Saint Barthélemy
BM BMU 060 *Bermuda
BN BRN 096 Brunei|Brunei Darussalam
BO BOL 068 Bolivia|Plurinational State of Bolivia
BQ BES 535 *Caribbean Netherlands|Bonaire, Sint Eustatius and Saba|Bonaire
BR BRA 076 Brazil
BS BHS 044 Bahamas|The Bahamas
BT BTN 064 Bhutan
BV BVT 074 *Bouvet Island
BW BWA 072 Botswana
BY BLR 112 Belarus
BZ BLZ 084 Belize
CA CAN 124 Canada
CC CCK 166 *Cocos (Keeling) Islands|Cocos Islands
CD COD 180 Democratic Republic of the Congo|DR Congo|DRC|D.R. Congo|Congo-Kinshasa|Dem. Rep. Congo|Congo Dem Rep|Congo, Democratic Republic of the|Zaire
CF CAF 140 Central African Republic|Central African Rep.|CAR
CG COG 178 Congo|Republic of the Congo|Congo Republic|Congo-Brazzaville|Congo Rep
CH CHE 756 Switzerland|Swiss Confederation
CI CIV 384 Côte d'Ivoire|Ivory Coast
CK COK 184 *Cook Islands
CL CHL 152 Chile
CM CMR 120 Cameroon
CN CHN 156 China|People's Republic of China|PRC|Mainland China|China mainland
CO COL 170 Colombia
CR CRI 188 Costa Rica
CU CUB 192 Cuba
CV CPV 132 *Cape Verde|Cabo Verde
CW CUW 531 *Curaçao
CX CXR 162 *Christmas Island
CY CYP 196 Cyprus
CZ CZE 203 Czechia|Czech Republic|Czech Rep.
DE DEU 276 Germany|Federal Republic of Germany
DJ DJI 262 Djibouti
DK DNK 208 Denmark
DM DMA 212 *Dominica
DO DOM 214 Dominican Republic|Dominican Rep.
DZ DZA 012 Algeria|People's Democratic Republic of Algeria
EC ECU 218 Ecuador
EE EST 233 Estonia
EG EGY 818 Egypt|Arab Republic of Egypt|Egypt Arab Rep
EH ESH 732 Western Sahara|W. Sahara
ER ERI 232 Eritrea
ES ESP 724 Spain
ET ETH 231 Ethiopia
FI FIN 246 Finland
FJ FJI 242 Fiji
FK FLK 238 Falkland Islands|Falkland Is.|Falkland Islands (Malvinas)|Malvinas
FM FSM 583 *Micronesia|Federated States of Micronesia|Micronesia Fed Sts
FO FRO 234 *Faroe Islands|Faroe Is.|Faeroe Islands
FR FRA 250 France|French Republic
GA GAB 266 Gabon|Gabonese Republic
GB GBR 826 United Kingdom|UK|U.K.|Great Britain|Britain|United Kingdom of Great Britain and Northern Ireland
GD GRD 308 *Grenada
GE GEO 268 Georgia
GF GUF 254 *French Guiana
GG GGY 831 *Guernsey
GH GHA 288 Ghana
GI GIB 292 *Gibraltar
GL GRL 304 Greenland
GM GMB 270 Gambia|Republic of The Gambia|The Gambia
GN GIN 324 Guinea
GP GLP 312 *Guadeloupe
GQ GNQ 226 Equatorial Guinea|Eq. Guinea
GR GRC 300 Greece|Hellenic Republic|Hellas
GS SGS 239 *South Georgia and the South Sandwich Islands
GT GTM 320 Guatemala
GU GUM 316 *Guam
GW GNB 624 Guinea-Bissau
GY GUY 328 Guyana
HK HKG 344 *Hong Kong|Hong Kong SAR China|Hong Kong SAR
HM HMD 334 *Heard Island and McDonald Islands
HN HND 340 Honduras
HR HRV 191 Croatia
HT HTI 332 Haiti
HU HUN 348 Hungary
ID IDN 360 Indonesia
IE IRL 372 Ireland|Republic of Ireland|Eire
IL ISR 376 Israel
IM IMN 833 *Isle of Man
IN IND 356 India
IO IOT 086 *British Indian Ocean Territory
IQ IRQ 368 Iraq
IR IRN 364 Iran|Islamic Republic of Iran|Persia|Iran Islamic Rep
IS ISL 352 Iceland
IT ITA 380 Italy|Italian Republic
JE JEY 832 *Jersey
JM JAM 388 Jamaica
JO JOR 400 Jordan
JP JPN 392 Japan
KE KEN 404 Kenya
KG KGZ 417 Kyrgyzstan|Kyrgyz Republic|Kirghizia
KH KHM 116 Cambodia
KI KIR 296 *Kiribati
KM COM 174 *Comoros
KN KNA 659 *Saint Kitts and Nevis|Saint Kitts
KP PRK 408 North Korea|Democratic People's Republic of Korea|DPRK|Korea, North|N. Korea|Korea, Democratic People's Republic of|Korea Dem People's Rep
KR KOR 410 South Korea|Republic of Korea|Korea, Republic of|Korea, South|S. Korea|Korea Rep|Korea
KW KWT 414 Kuwait
KY CYM 136 *Cayman Islands|Cayman Is.
KZ KAZ 398 Kazakhstan
LA LAO 418 Laos|Lao People's Democratic Republic|Lao PDR|Lao
LB LBN 422 Lebanon|Lebanese Republic
LC LCA 662 *Saint Lucia
LI LIE 438 *Liechtenstein
LK LKA 144 Sri Lanka|Ceylon
LR LBR 430 Liberia
LS LSO 426 Lesotho
LT LTU 440 Lithuania
LU LUX 442 Luxembourg
LV LVA 428 Latvia
LY LBY 434 Libya|Libyan Arab Jamahiriya
MA MAR 504 Morocco
MC MCO 492 *Monaco
MD MDA 498 Moldova|Republic of Moldova|Moldova, Republic of
ME MNE 499 Montenegro
MF MAF 663 *Saint Martin|Saint Martin (French part)
MG MDG 450 Madagascar
MH MHL 584 *Marshall Islands|Marshall Is.
MK MKD 807 North Macedonia|Macedonia|FYROM|Former Yugoslav Republic of Macedonia|Republic of North Macedonia
ML MLI 466 Mali
MM MMR 104 Myanmar|Burma
MN MNG 496 Mongolia
MO MAC 446 *Macao|Macau|Macao SAR China|Macau SAR
MP MNP 580 *Northern Mariana Islands
MQ MTQ 474 *Martinique
MR MRT 478 Mauritania
MS MSR 500 *Montserrat
MT MLT 470 *Malta
MU MUS 480 *Mauritius
MV MDV 462 *Maldives
MW MWI 454 Malawi
MX MEX 484 Mexico|United Mexican States
MY MYS 458 Malaysia
MZ MOZ 508 Mozambique
NA NAM 516 Namibia
NC NCL 540 New Caledonia
NE NER 562 Niger
NF NFK 574 *Norfolk Island
NG NGA 566 Nigeria
NI NIC 558 Nicaragua
NL NLD 528 Netherlands|Holland|Kingdom of the Netherlands
NO NOR 578 Norway
NP NPL 524 Nepal
NR NRU 520 *Nauru
NU NIU 570 *Niue
NZ NZL 554 New Zealand
OM OMN 512 Oman
PA PAN 591 Panama
PE PER 604 Peru
PF PYF 258 *French Polynesia
PG PNG 598 Papua New Guinea
PH PHL 608 Philippines
PK PAK 586 Pakistan
PL POL 616 Poland
PM SPM 666 *Saint Pierre and Miquelon
PN PCN 612 *Pitcairn Islands|Pitcairn
PR PRI 630 Puerto Rico
PS PSE 275 Palestine|State of Palestine|Palestinian Territories|Palestinian Territory|West Bank and Gaza|Occupied Palestinian Territory
PT PRT 620 Portugal|Portuguese Republic
PW PLW 585 *Palau
PY PRY 600 Paraguay
QA QAT 634 Qatar
RE REU 638 *Réunion
RO ROU 642 Romania
RS SRB 688 Serbia
RU RUS 643 Russia|Russian Federation
RW RWA 646 Rwanda
SA SAU 682 Saudi Arabia|KSA
SB SLB 090 Solomon Islands|Solomon Is.
SC SYC 690 *Seychelles
SD SDN 729 Sudan
SE SWE 752 Sweden
SG SGP 702 *Singapore
SH SHN 654 *Saint Helena|Saint Helena, Ascension and Tristan da Cunha
SI SVN 705 Slovenia
SJ SJM 744 *Svalbard and Jan Mayen|Svalbard
SK SVK 703 Slovakia|Slovak Republic
SL SLE 694 Sierra Leone
SM SMR 674 *San Marino
SN SEN 686 Senegal
SO SOM 706 Somalia
SR SUR 740 Suriname
SS SSD 728 South Sudan|S. Sudan
ST STP 678 *São Tomé and Príncipe|Sao Tome
SV SLV 222 El Salvador
SX SXM 534 *Sint Maarten|Sint Maarten (Dutch part)
SY SYR 760 Syria|Syrian Arab Republic
SZ SWZ 748 Eswatini|Swaziland
TC TCA 796 *Turks and Caicos Islands|Turks and Caicos
TD TCD 148 Chad
TF ATF 260 French Southern Territories|Fr. S. Antarctic Lands|French Southern and Antarctic Lands
TG TGO 768 Togo|Togolese Republic
TH THA 764 Thailand
TJ TJK 762 Tajikistan
TK TKL 772 *Tokelau
TL TLS 626 Timor-Leste|East Timor
TM TKM 795 Turkmenistan
TN TUN 788 Tunisia
TO TON 776 *Tonga
TR TUR 792 Turkey|Türkiye
TT TTO 780 Trinidad and Tobago
TV TUV 798 *Tuvalu
TW TWN 158 Taiwan|Chinese Taipei|Taiwan, Province of China|Republic of China
TZ TZA 834 Tanzania|United Republic of Tanzania|Tanzania, United Republic of
UA UKR 804 Ukraine
UG UGA 800 Uganda
UM UMI 581 *United States Minor Outlying Islands
US USA 840 United States|United States of America|USA|U.S.A.|U.S.|America|the States
UY URY 858 Uruguay
UZ UZB 860 Uzbekistan
VA VAT 336 *Vatican City|Holy See|Vatican|Holy See (Vatican City State)
VC VCT 670 *Saint Vincent and the Grenadines|Saint Vincent
VE VEN 862 Venezuela|Bolivarian Republic of Venezuela|Venezuela RB
VG VGB 092 *British Virgin Islands|Virgin Islands, British|British Virgin Is.
VI VIR 850 *U.S. Virgin Islands|Virgin Islands, U.S.|US Virgin Is.|Virgin Islands
VN VNM 704 Vietnam|Viet Nam
VU VUT 548 Vanuatu
WF WLF 876 *Wallis and Futuna
WS WSM 882 *Samoa|Western Samoa
XK XKX 983 Kosovo|Republic of Kosovo
YE YEM 887 Yemen|Yemen Rep
YT MYT 175 *Mayotte
ZA ZAF 710 South Africa
ZM ZMB 894 Zambia
ZW ZWE 716 Zimbabwe`;

export interface Country {
  // As the page writes it.
  name: string;
  code: string;
  number: string;
  on_map: boolean;
}

export const COUNTRIES: readonly Country[] = TABLE.trim()
  .split('\n')
  .map((line) => ({ name: line.slice(11).split('|')[0]!.replace('*', ''), code: line.slice(3, 6), number: line.slice(7, 10), on_map: line[11] !== '*' }));

// Case, accents, points, "the", "&" and "St." make no difference.
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replace(/['’.]/g, '')
    .replace(/[^\p{L}\d]+/gu, ' ')
    .replace(/\bst\b/g, 'saint')
    .replace(/\bthe\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

const FORMS = '(?:(?:islamic|arab|federal|federative|federated|democratic|peoples|socialist|plurinational|bolivarian|cooperative|co operative|hashemite|oriental|united|independent|sovereign|grand) )*(?:republic|rep|kingdom|states?|commonwealth|sultanate|principality|duchy|federation|union|emirate)(?: of)?';
const BEFORE = new RegExp(`^${FORMS}(?: union of)? `);
const AFTER = new RegExp(` ${FORMS}$`);

const by_text = new Map<string, Country>();
TABLE.trim()
  .split('\n')
  .forEach((line, at) => {
    const country = COUNTRIES[at]!;
    for (const name of [...line.slice(11).split('|'), line.slice(0, 2), country.code, country.number, String(Number(country.number))]) {
      if (!by_text.has(plain(name))) by_text.set(plain(name), country);
    }
  });
// As the European Union abbreviates them.
for (const [code, other] of [['uk', 'gb'], ['el', 'gr']] as const) by_text.set(code, by_text.get(other)!);

// The country that `text` means by code, number, common or official name; null when it means none.
export function country_of(text: string): Country | null {
  const name = plain(text);
  return by_text.get(name) ?? by_text.get(name.replace(BEFORE, '')) ?? by_text.get(name.replace(AFTER, '')) ?? null;
}
