"""Names of symbols, as LaTeX and its packages have them; pairs of name and character.

Alphabets (Greek, bold, script, ...) are not here: symbols.py makes them by rule.
"""

# ruff: noqa: RUF001  (these are the characters that are meant)

PLAIN = """
euler ℯ ohm Ω hbar ħ ordfeminine ª cdotp · ordmasculine º AA Å AE Æ DH Ð O Ø TH Þ ss
ß aa å ae æ eth ð dh ð o ø th þ DJ Đ dj đ imath ı jmath ȷ L Ł l ł NG Ŋ ng ŋ OE Œ oe
œ hvlig ƕ nrleg ƞ doublepipe ǂ trna ɐ trnsa ɒ openo ɔ rtld ɖ schwa ə varepsilon ε
pgamma ɣ pbgam ɤ trnh ɥ btdl ɬ rtll ɭ trnm ɯ trnmlr ɰ ltlmr ɱ ltln ɲ rtln ɳ clomeg ɷ
ltphi ɸ trnr ɹ trnrl ɺ rttrnr ɻ rl ɼ rtlr ɽ fhr ɾ rtls ʂ esh ʃ trnt ʇ rtlt ʈ pupsil
ʊ pscrv ʋ invv ʌ invw ʍ trny ʎ rtlz ʐ yogh ʒ glst ʔ reglst ʕ inglst ʖ turnk ʞ dyogh
ʤ tesh ʧ rasp ʼ verts ˈ verti ˌ lmrk ː hlmrk ˑ varsigma ς varphi φ vartheta ϑ varpi
ϖ Stigma Ϛ Digamma Ϝ digamma ϝ Koppa Ϟ Sampi Ϡ varkappa ϰ varrho ϱ varTheta ϴ hslash
ℏ Im ℑ ell ℓ wp ℘ Re ℜ aleph ℵ beth ℶ gimel ℷ daleth ℸ bbPi ℿ Zbar Ƶ varbeta ϐ
oldKoppa Ϙ oldkoppa ϙ stigma ϛ koppa ϟ sampi ϡ tieconcat ⁀ eulermascheroni ℇ planck
ℎ Angstrom Å Finv Ⅎ bbgamma ℽ bbGamma ℾ bbiD ⅅ bbid ⅆ bbie ⅇ bbii ⅈ bbij ⅉ ith ℎ
infty ∞ partial ∂ nabla ∇ sum ∑ prod ∏ int ∫ oint ∮ sqrt √ cbrt ∛ pm ± mp ∓ times ×
div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙
dagger † ddagger ‡ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ equiv ≡ approx ≈ sim ∼ simeq ≃
cong ≅ propto ∝ ll ≪ gg ≫ prec ≺ succ ≻ in ∈ notin ∉ ni ∋ subset ⊂ supset ⊃ subseteq
⊆ supseteq ⊇ cup ∪ cap ∩ emptyset ∅ setminus ∖ forall ∀ exists ∃ nexists ∄ neg ¬
land ∧ wedge ∧ lor ∨ vee ∨ therefore ∴ because ∵ vdash ⊢ models ⊨ perp ⊥ parallel ∥
angle ∠ degree ° leftarrow ← rightarrow → to → uparrow ↑ downarrow ↓ leftrightarrow
↔ Leftarrow ⇐ Rightarrow ⇒ Leftrightarrow ⇔ Uparrow ⇑ Downarrow ⇓ mapsto ↦
hookrightarrow ↪ hookleftarrow ↩ longrightarrow ⟶ longleftarrow ⟵ implies ⟹ iff ⟺
langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ ldots … cdots ⋯ vdots ⋮ ddots ⋱
prime ′ backslash \\ square □ blacksquare ■ triangle △ diamond ⋄ clubsuit ♣
diamondsuit ♢ heartsuit ♡ spadesuit ♠ sharp ♯ flat ♭ natural ♮ checkmark ✓ copyright
© registered ® trademark ™ pounds £ euro € yen ¥ S § P ¶ micro µ oiint ∯ iint ∬
iiint ∭ top ⊤ bot ⊥ asymp ≍ doteq ≐ sqsubseteq ⊑ sqsupseteq ⊒ bigcup ⋃ bigcap ⋂
bigoplus ⨁ bigotimes ⨂
"""

# Behind `^`.
ABOVE = """
a ᵃ b ᵇ c ᶜ d ᵈ e ᵉ f ᶠ g ᵍ h ʰ i ⁱ j ʲ k ᵏ l ˡ m ᵐ n ⁿ o ᵒ p ᵖ r ʳ s ˢ t ᵗ u ᵘ v ᵛ
w ʷ x ˣ y ʸ z ᶻ A ᴬ B ᴮ D ᴰ E ᴱ G ᴳ H ᴴ I ᴵ J ᴶ K ᴷ L ᴸ M ᴹ N ᴺ O ᴼ P ᴾ R ᴿ T ᵀ U ᵁ
V ⱽ W ᵂ alpha ᵅ beta ᵝ gamma ᵞ delta ᵟ epsilon ᵋ theta ᶿ iota ᶥ phi ᵠ chi ᵡ ltphi ᶲ
uparrow ꜛ downarrow ꜜ ! ꜝ 0 ⁰ 1 ¹ 2 ² 3 ³ 4 ⁴ 5 ⁵ 6 ⁶ 7 ⁷ 8 ⁸ 9 ⁹ + ⁺ - ⁻ ( ⁽ ) ⁾
"""

# Behind `_`.
BELOW = """
a ₐ e ₑ h ₕ i ᵢ j ⱼ k ₖ l ₗ m ₘ n ₙ o ₒ p ₚ r ᵣ s ₛ t ₜ u ᵤ v ᵥ x ₓ schwa ₔ beta ᵦ
gamma ᵧ rho ᵨ phi ᵩ chi ᵪ 0 ₀ 1 ₁ 2 ₂ 3 ₃ 4 ₄ 5 ₅ 6 ₆ 7 ₇ 8 ₈ 9 ₉ + ₊ - ₋ ( ₍ ) ₎
"""

# Accents, as hexadecimal code points: each goes onto the letter before it.
ACCENTS = """
sout 336 grave 300 acute 301 hat 302 tilde 303 bar 304 breve 306 dot 307 ddot 308
ocirc 30a H 30b check 30c palh 321 rh 322 c 327 k 328 sbbrg 32a strike 336 dddot
20db ddddot 20dc overbar 305 ovhook 309 candra 310 oturnedcomma 312 ocommatopright
315 droang 31a wideutilde 330 not 338 leftharpoonaccent 20d0 rightharpoonaccent 20d1
vertoverlay 20d2 overleftarrow 20d6 vec 20d7 overleftrightarrow 20e1 annuity 20e7
threeunderdot 20e8 widebridgeabove 20e9 underbar 332 underleftrightarrow 34d
"""
