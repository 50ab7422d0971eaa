"""Measured block of human cardiac channels by the 28 drugs of the CiPA initiative: facts with their source, no logic.

Per drug: TdP risk class (2 high, 1 intermediate, 0 low), highest free therapeutic plasma concentration in nM, whether
it trained the classifier, IC50 in nM and Hill coefficient of six currents (None = no block measured), and the five
parameters of dynamic hERG binding (Kmax, Ku in 1/ms, n, halfmax in nM^n, Vhalf in mV).

Source: measured by the US Food and Drug Administration, published with Li et al., Circ Arrhythm Electrophysiol
10:e004628 (2017), Dutta et al., Front Physiol 8:616 (2017) and Li et al., Clin Pharmacol Ther 105:466 (2019); tables
newCiPA.csv (manual patch clamp) and hERG_fitting/results/*/pars.txt (the best fit of each drug) of the CiPA data
repository. The supplement of Li 2019 prints other binding parameters for the 16 validation drugs: what they change is
in docs/verification.md.
"""

Block = tuple[float, float]
Row = tuple[int, float, bool, tuple[Block | None, ...], tuple[float, float, float, float, float]]

CURRENTS = ("ICaL", "INaL", "INa", "IKs", "IK1", "Ito")

# Order: class, Cmax nM, training, (IC50 nM, Hill) of CURRENTS, (Kmax, Ku, n, halfmax, Vhalf).
# fmt: off
DRUGS: dict[str, Row] = {
    "quinidine": (
        2, 3237.0, True,
        ((51592.3, 0.589209), (9416.98, 1.34), (12329.0, 1.49372), (4898.9, 1.36305), (3.95899e+07, 0.35),
         (3487.43, 1.28)),
        (275.7, 0.004103, 0.8488, 53830.0, -61.35),
    ),
    "bepridil": (
        2, 33.0, True,
        ((2808.06, 0.648641), (1813.91, 1.42), (2929.27, 1.16365), (28628.3, 0.706126), None, (8594.04, 3.54)),
        (5.594e+06, 0.0001719, 0.9374, 1.472e+08, -61.34),
    ),
    "dofetilide": (
        2, 2.0, True,
        ((260.32, 1.16), (753160.0, 0.26), (380.5, 0.89), None, (394.26, 0.77), (18.82, 0.77)),
        (35.1, 1.816e-05, 1.08, 216.6, -1.0),
    ),
    "sotalol": (
        2, 14690.0, True,
        ((7.06153e+06, 0.865105), None, (1.14e+09, 0.51), (4.22186e+06, 1.16722), (3.05026e+06, 1.20437),
         (4.31435e+07, 0.66)),
        (96190.0, 0.02225, 0.7513, 3.856e+08, -51.5),
    ),
    "chlorpromazine": (
        1, 38.0, True,
        ((8191.92, 0.844107), (4559.55, 0.94), (4535.6, 1.99539), None, (9269.94, 0.687754), (1.76167e+07, 0.37)),
        (157900.0, 0.04671, 0.8871, 4.351e+07, -14.45),
    ),
    "cisapride": (
        1, 2.6, True,
        ((9.25808e+06, 0.43), None, None, (8.11929e+07, 0.29), (29498.0, 0.51), (219112.0, 0.24)),
        (10.22, 0.0004161, 0.9615, 42.32, -167.4),
    ),
    "terfenadine": (
        1, 4.0, True,
        ((700.4, 0.660063), (20056.0, 0.6), (4803.18, 1.01503), (399754.0, 0.54), None, (239961.0, 0.26)),
        (102200.0, 7.788e-05, 0.6502, 409500.0, -81.63),
    ),
    "ondansetron": (
        1, 139.0, True,
        ((22551.4, 0.752644), (19180.8, 1.03), (57666.4, 1.01967), (569807.0, 0.653449), None, (1.02338e+06, 0.99)),
        (172000.0, 0.02324, 0.891, 5.224e+07, -82.2),
    ),
    "diltiazem": (
        0, 122.0, True,
        ((112.13, 0.714205), (21868.5, 0.68), (110860.0, 0.702242), None, None, (2.82153e+09, 0.17)),
        (182500.0, 0.282, 0.9382, 6.677e+08, -90.65),
    ),
    "mexiletine": (
        0, 4129.0, True,
        ((38243.6, 1.03067), (8956.75, 1.41), None, None, None, None),
        (15.0, 0.07114, 1.139, 723000.0, -87.51),
    ),
    "ranolazine": (
        0, 1948.2, True,
        (None, (7884.47, 0.94), (68774.5, 1.42496), (3.6155e+07, 0.52), None, None),
        (52.84, 0.02035, 0.9532, 143000.0, -94.99),
    ),
    "verapamil": (
        0, 81.0, True,
        ((201.783, 1.09681), (7028.01, 1.03), None, None, (3.48913e+08, 0.27), (13429.2, 0.82)),
        (1.694e+06, 0.0008165, 1.043, 3.356e+08, -97.08),
    ),
    "risperidone": (
        1, 1.81, False,
        ((1465.0, 0.585), None, (2.40793e+07, 0.371), None, None, None),
        (3.726, 0.0009118, 0.8593, 93.16, -72.15),
    ),
    "metoprolol": (
        0, 1800.0, False,
        ((3.26088e+06, 0.533), (627433.0, 0.66), (30103.0, 0.6), None, None, None),
        (82210.0, 0.9785, 0.6873, 5.38e+07, -86.19),
    ),
    "ibutilide": (
        2, 100.0, False,
        ((38663.0, 0.829), None, (35213.0, 1.6), None, None, None),
        (14.45, 6.104e-05, 0.902, 35.07, -9.817),
    ),
    "domperidone": (
        1, 19.0, False,
        ((74.11, 0.486), (1.16231e+06, 0.57), (69487.0, 0.88), None, None, None),
        (677100.0, 0.0002305, 0.6137, 3.576e+06, -24.19),
    ),
    "clarithromycin": (
        1, 1206.0, False,
        ((38012.0, 0.87), (3.00195e+06, 1.309), (1.08904e+06, 0.8864), None, None, None),
        (68.65, 0.01517, 0.7455, 56880.0, -161.7),
    ),
    "astemizole": (
        1, 0.26, False,
        ((557.2, 1.22), None, (5498.0, 0.735), None, None, None),
        (77530.0, 3.073e-05, 0.6762, 169600.0, -1.001),
    ),
    "azimilide": (
        2, 70.0, False,
        ((12966.0, 0.701), (3.53672e+06, 0.445), (608961.0, 0.586), None, None, None),
        (78990.0, 0.007555, 0.5785, 1.296e+06, -10.16),
    ),
    "disopyramide": (
        2, 742.0, False,
        ((32717.0, 0.677), (366539.0, 2.017), (191760.0, 1.293), None, None, None),
        (1.756, 0.0364, 1.999, 1.56e+06, -72.32),
    ),
    "droperidol": (
        1, 6.33, False,
        ((3320.0, 1.147), None, None, None, None, None),
        (15.85, 0.001267, 0.5489, 90.09, -78.78),
    ),
    "pimozide": (
        1, 0.431, False,
        ((64.35, 0.449), (7473.0, 0.909), (10440.0, 0.451), None, None, None),
        (12.74, 4.288e-05, 0.57, 5.314, -71.47),
    ),
    "vandetanib": (
        2, 255.4, False,
        ((6058.0, 0.716), (2.15378e+08, 0.294), (175346.0, 1.048), None, None, None),
        (25.67, 0.01765, 0.7128, 797.7, -41.57),
    ),
    "tamoxifen": (
        0, 21.0, False,
        ((5704.0, 0.757), None, (122208.0, 0.658), None, None, None),
        (4.429, 0.006673, 1.715, 144900.0, -1.0),
    ),
    "loratadine": (
        0, 0.45, False,
        ((703.0, 0.56), None, (520029.0, 0.536), None, None, None),
        (98960.0, 0.01055, 0.8403, 1.065e+08, -1.0),
    ),
    "clozapine": (
        1, 71.0, False,
        ((5465.0, 0.924), (76920.0, 1.337), (254597.0, 0.578), None, None, None),
        (6.331, 0.02552, 1.314, 33760.0, -8.325),
    ),
    "nifedipine": (
        0, 7.7, False,
        ((11.49, 0.666), (69958.0, 1.595), (28441.0, 1.113), None, None, None),
        (1.029, 0.3565, 0.9613, 130200.0, -23.05),
    ),
    "nitrendipine": (
        0, 3.02, False,
        ((38.37, 0.4757), None, (21939.0, 0.5766), None, None, None),
        (1.847, 0.991, 1.561, 1.582e+07, -68.23),
    ),
}
