"""Names of metrics as people read them, and with how many decimals. Unknown names are made readable by rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricName:
    """short: for tables; full: for tooltips and lists; decimals: how many deserve to be shown."""

    short: str
    full: str
    decimals: int = 0


METRICS: dict[str, MetricName] = {
    "qrs_ms": MetricName("QRS", "QRS duration"),
    "total_activation_ms": MetricName("Activation", "Total activation time"),
    "lv_activation_ms": MetricName("LV activation", "LV activation time"),
    "lv_ef_percent": MetricName("LV EF", "LV ejection fraction", 1),
    "lv_esv_ml": MetricName("LV ESV", "LV end-systolic volume"),
    "lv_edv_ml": MetricName("LV EDV", "LV end-diastolic volume"),
    "lv_stroke_volume_ml": MetricName("LV SV", "LV stroke volume"),
    "rv_ef_percent": MetricName("RV EF", "RV ejection fraction", 1),
    "rv_esv_ml": MetricName("RV ESV", "RV end-systolic volume"),
    "rv_edv_ml": MetricName("RV EDV", "RV end-diastolic volume"),
    "rv_stroke_volume_ml": MetricName("RV SV", "RV stroke volume"),
    "lv_mass_g": MetricName("LV mass", "LV mass"),
    "chest_width_mm": MetricName("Chest width", "Width of the chest at the heart's height"),
    "chest_depth_mm": MetricName("Chest depth", "Depth of the chest at the heart's height"),
    "lv_length_mm": MetricName("LV length", "LV length, mitral plane to endocardial apex"),
    "lv_dpdt_max_mmhg_s": MetricName("dP/dt max", "LV dP/dt max"),
    "rv_dpdt_max_mmhg_s": MetricName("RV dP/dt max", "RV dP/dt max"),
    "stroke_work_mmhg_ml": MetricName("Stroke work", "LV stroke work"),
    "pva_mmhg_ml": MetricName("PVA", "LV pressure-volume area"),
    "cardiac_power_w": MetricName("Power", "Cardiac power output", 2),
    "pump_flow_l_min": MetricName("Pump flow", "Flow of the pump out of the left ventricle", 2),
    "ecmo_flow_l_min": MetricName("ECMO flow", "Flow of the extracorporeal circuit", 2),
    "pump_suction_percent": MetricName("Pump suction", "Share of the beat in which the pump's inlet runs dry"),
    "ecmo_suction_percent": MetricName("ECMO suction", "Share of the beat in which the drainage runs dry"),
    "augmented_diastolic_mmhg": MetricName("Augmented", "Aortic pressure while the balloon is full"),
    "systolic_aortic_mmhg": MetricName("Systolic", "Aortic systolic pressure"),
    "diastolic_aortic_mmhg": MetricName("Diastolic", "Aortic diastolic pressure"),
    "cardiac_output_l_min": MetricName("Output", "Cardiac output", 2),
    "heart_rate_bpm": MetricName("Heart rate", "Heart rate"),
    "pr_interval_ms": MetricName("PR", "PR interval"),
    "pr_ms": MetricName("PR", "PR interval"),
    "qt_ms": MetricName("QT", "QT interval"),
    "qtc_ms": MetricName("QTc", "QTc (Fridericia)"),
    "qrs_axis_deg": MetricName("QRS axis", "Frontal QRS axis"),
    "septal_lateral_delay_ms": MetricName("Septum to lateral", "Septal to lateral delay of activation"),
    "lv_systolic_mmhg": MetricName("LV peak", "LV peak pressure"),
    "lv_end_diastolic_mmhg": MetricName("LV EDP", "LV end-diastolic pressure", 1),
    "mean_left_atrial_mmhg": MetricName("LA mean", "Mean left atrial pressure", 1),
    "mean_arterial_mmhg": MetricName("MAP", "Mean arterial pressure"),
    "rv_systolic_mmhg": MetricName("RV peak", "RV peak pressure"),
    "lv_dpdt_min_mmhg_s": MetricName("dP/dt min", "LV dP/dt min"),
    "mean_right_atrial_mmhg": MetricName("RA mean", "Mean right atrial pressure", 1),
    "rv_end_diastolic_mmhg": MetricName("RV EDP", "RV end-diastolic pressure", 1),
    "systolic_pulmonary_mmhg": MetricName("PA systolic", "Pulmonary artery systolic pressure"),
    "diastolic_pulmonary_mmhg": MetricName("PA diastolic", "Pulmonary artery diastolic pressure"),
    "mean_pulmonary_mmhg": MetricName("PA mean", "Mean pulmonary artery pressure"),
    "pericardial_mmhg": MetricName("Pericardium", "Mean pressure in the pericardium", 1),
    "pre_ejection_ms": MetricName("Pre-ejection", "First excitation to opening of the aortic valve"),
    "ejection_time_ms": MetricName("Ejection", "LV ejection time"),
    "net_output_l_min": MetricName("Net output", "Net forward flow through the aortic valve", 2),
    "mitral_gradient_mean_mmhg": MetricName("Mitral mean", "Mean mitral gradient", 1),
    "mitral_gradient_peak_mmhg": MetricName("Mitral peak", "Peak mitral gradient", 1),
    "mitral_jet_m_s": MetricName("Mitral jet", "Peak velocity through the mitral valve", 1),
    "mitral_regurgitant_ml": MetricName("Mitral back", "Mitral regurgitant volume"),
    "mitral_regurgitant_percent": MetricName("Mitral back", "Mitral regurgitant fraction"),
    "aortic_gradient_mean_mmhg": MetricName("Aortic mean", "Mean aortic valve gradient", 1),
    "aortic_gradient_peak_mmhg": MetricName("Aortic peak", "Peak aortic valve gradient", 1),
    "aortic_jet_m_s": MetricName("Aortic jet", "Peak velocity through the aortic valve", 1),
    "tricuspid_gradient_mean_mmhg": MetricName("Tricuspid mean", "Mean tricuspid gradient", 1),
    "pulmonary_gradient_mean_mmhg": MetricName("Pulmonary mean", "Mean pulmonary valve gradient", 1),
    "vascular_resistance_mmhg_s_ml": MetricName("SVR", "Systemic vascular resistance", 2),
    "aortic_regurgitant_ml": MetricName("Aortic back", "Aortic regurgitant volume"),
    "aortic_regurgitant_percent": MetricName("Aortic back", "Aortic regurgitant fraction"),
    "septal_work_kpa": MetricName("Septal work", "Work of the septum per volume", 1),
    "lateral_work_kpa": MetricName("Lateral work", "Work of the lateral wall per volume", 1),
    "lv_edv_index_ml_m2": MetricName("LV EDVi", "LV end-diastolic volume index"),
    "lv_esv_index_ml_m2": MetricName("LV ESVi", "LV end-systolic volume index"),
    "lv_stroke_volume_index_ml_m2": MetricName("LV SVi", "LV stroke volume index"),
    "rv_edv_index_ml_m2": MetricName("RV EDVi", "RV end-diastolic volume index"),
    "rv_esv_index_ml_m2": MetricName("RV ESVi", "RV end-systolic volume index"),
    "rv_stroke_volume_index_ml_m2": MetricName("RV SVi", "RV stroke volume index"),
    "lv_mass_index_g_m2": MetricName("LV mass index", "LV mass index"),
    "cardiac_index_l_min_m2": MetricName("Index", "Cardiac index", 2),
    "body_surface_m2": MetricName("BSA", "Body surface area", 2),
    "lv_gls_percent": MetricName("LV GLS", "LV global longitudinal strain", 1),
    "lv_gcs_percent": MetricName("LV GCS", "LV global circumferential strain", 1),
    "lv_grs_percent": MetricName("LV GRS", "LV global radial strain"),
    "lv_endo_gls_percent": MetricName("LV GLS endo", "LV longitudinal strain of the endocardium", 1),
    "lv_endo_gcs_percent": MetricName("LV GCS endo", "LV circumferential strain of the endocardium", 1),
    "rv_free_wall_ls_percent": MetricName("RV free wall LS", "RV free-wall longitudinal strain", 1),
    "mapse_mm": MetricName("MAPSE", "Mitral annular plane systolic excursion", 1),
    "mapse_septal_mm": MetricName("MAPSE septal", "Mitral excursion, septal side", 1),
    "mapse_lateral_mm": MetricName("MAPSE lateral", "Mitral excursion, lateral side", 1),
    "tapse_mm": MetricName("TAPSE", "Tricuspid annular plane systolic excursion", 1),
    "lv_peak_ejection_ml_s": MetricName("LV peak ejection", "LV peak ejection rate"),
    "lv_peak_filling_ml_s": MetricName("LV peak filling", "LV peak early filling rate"),
    "rv_peak_ejection_ml_s": MetricName("RV peak ejection", "RV peak ejection rate"),
    "rv_peak_filling_ml_s": MetricName("RV peak filling", "RV peak early filling rate"),
    "lv_edv_discs_ml": MetricName("LV EDV, discs", "LV end-diastolic volume by discs"),
    "lv_esv_discs_ml": MetricName("LV ESV, discs", "LV end-systolic volume by discs"),
    "lv_stroke_volume_discs_ml": MetricName("LV SV, discs", "LV stroke volume by discs"),
    "lv_ef_discs_percent": MetricName("LV EF, discs", "LV ejection fraction by discs", 1),
    "rv_edv_discs_ml": MetricName("RV EDV, discs", "RV end-diastolic volume by discs"),
    "rv_esv_discs_ml": MetricName("RV ESV, discs", "RV end-systolic volume by discs"),
    "rv_stroke_volume_discs_ml": MetricName("RV SV, discs", "RV stroke volume by discs"),
    "rv_ef_discs_percent": MetricName("RV EF, discs", "RV ejection fraction by discs", 1),
    "lv_volume_ml": MetricName("LV volume", "LV volume at the phase seen"),
    "rv_volume_ml": MetricName("RV volume", "RV volume at the phase seen"),
    "la_volume_ml": MetricName("LA volume", "LA volume at the phase seen"),
    "ra_volume_ml": MetricName("RA volume", "RA volume at the phase seen"),
    "la_max_ml": MetricName("LA max", "LA largest volume"),
    "la_min_ml": MetricName("LA min", "LA smallest volume"),
    "ra_max_ml": MetricName("RA max", "RA largest volume"),
    "ra_min_ml": MetricName("RA min", "RA smallest volume"),
    "la_ef_percent": MetricName("LA EF", "LA total emptying fraction", 1),
    "ra_ef_percent": MetricName("RA EF", "RA total emptying fraction", 1),
    "rv_mass_g": MetricName("RV mass", "RV mass"),
    "lv_volume_index_ml_m2": MetricName("LV volume index", "LV volume index at the phase seen"),
    "rv_volume_index_ml_m2": MetricName("RV volume index", "RV volume index at the phase seen"),
    "la_volume_index_ml_m2": MetricName("LA volume index", "LA volume index at the phase seen"),
    "ra_volume_index_ml_m2": MetricName("RA volume index", "RA volume index at the phase seen"),
    "la_max_index_ml_m2": MetricName("LA max index", "LA largest volume index"),
    "la_min_index_ml_m2": MetricName("LA min index", "LA smallest volume index"),
    "ra_max_index_ml_m2": MetricName("RA max index", "RA largest volume index"),
    "ra_min_index_ml_m2": MetricName("RA min index", "RA smallest volume index"),
    "rv_mass_index_g_m2": MetricName("RV mass index", "RV mass index"),
    "lv_diameter_mm": MetricName("LV diameter", "LV inner diameter at end-diastole", 1),
    "lv_relative_wall_thickness": MetricName("RWT", "Relative wall thickness", 2),
    "lv_sphericity_index": MetricName("Sphericity", "LV sphericity index", 2),
    "lv_concentricity_g_ml": MetricName("Concentricity", "LV mass over end-diastolic volume", 2),
    "lv_wall_thickness_mm": MetricName("LV wall", "LV wall thickness", 1),
    "lv_septal_thickness_mm": MetricName("LV septum", "LV thickness of the septum", 1),
    "lv_lateral_thickness_mm": MetricName("LV lateral wall", "LV thickness of the lateral wall", 1),
    "aortic_annulus_area_mm2": MetricName("Aortic annulus", "Aortic annulus, area"),
    "aortic_annulus_perimeter_mm": MetricName("Aortic annulus, perimeter", "Aortic annulus, perimeter", 1),
    "aortic_annulus_min_mm": MetricName("Aortic annulus, min", "Aortic annulus, least diameter", 1),
    "aortic_annulus_max_mm": MetricName("Aortic annulus, max", "Aortic annulus, largest diameter", 1),
    "aortic_annulus_mean_mm": MetricName("Aortic annulus, mean", "Aortic annulus, mean diameter", 1),
    "aortic_annulus_area_diameter_mm": MetricName("Aortic annulus, by area", "Aortic annulus, diameter by area", 1),
    "aortic_annulus_perimeter_diameter_mm": MetricName(
        "Aortic annulus, by perimeter", "Aortic annulus, diameter by perimeter", 1
    ),
    "lvot_area_mm2": MetricName("LVOT area", "LV outflow tract, area"),
    "mitral_annulus_area_cm2": MetricName("Mitral annulus", "Mitral annulus, area", 1),
    "mitral_annulus_perimeter_mm": MetricName("Mitral annulus, perimeter", "Mitral annulus, perimeter"),
    "mitral_annulus_ap_mm": MetricName("Mitral annulus, AP", "Mitral annulus, anteroposterior", 1),
    "mitral_annulus_intercommissural_mm": MetricName("Mitral annulus, IC", "Mitral annulus, intercommissural", 1),
    "tricuspid_annulus_area_cm2": MetricName("Tricuspid annulus", "Tricuspid annulus, area", 1),
    "tricuspid_annulus_perimeter_mm": MetricName("Tricuspid annulus, perimeter", "Tricuspid annulus, perimeter"),
    "tricuspid_annulus_septolateral_mm": MetricName("Tricuspid annulus, SL", "Tricuspid annulus, septolateral", 1),
    "tricuspid_annulus_ap_mm": MetricName("Tricuspid annulus, AP", "Tricuspid annulus, anteroposterior", 1),
    "aortic_sinus_mm": MetricName("Aortic sinus", "Aortic sinus", 1),
    "aortic_sinus_inscribed_mm": MetricName("Aortic sinus, inscribed", "Aortic sinus, inscribed", 1),
    "sinotubular_mm": MetricName("Sinotubular junction", "Sinotubular junction", 1),
    "sinotubular_inscribed_mm": MetricName("Sinotubular, inscribed", "Sinotubular junction, inscribed", 1),
    "ascending_aorta_mm": MetricName("Ascending aorta", "Ascending aorta, widest", 1),
    "ascending_aorta_inscribed_mm": MetricName("Ascending aorta, inscribed", "Ascending aorta, inscribed", 1),
    "pulmonary_trunk_mm": MetricName("Pulmonary trunk", "Pulmonary trunk", 1),
    "pulmonary_trunk_inscribed_mm": MetricName("Pulmonary trunk, inscribed", "Pulmonary trunk, inscribed", 1),
    "epicardial_fat_ml": MetricName("Epicardial fat", "Epicardial fat"),
    "calcium_agatston": MetricName("Calcium", "Calcium score (Agatston)"),
    "calcium_volume_mm3": MetricName("Calcium volume", "Calcium volume"),
    "calcium_mass_mg": MetricName("Calcium mass", "Calcium mass", 1),
    "calcium_lesions": MetricName("Calcium lesions", "Calcified lesions counted"),
    "excitation_ms": MetricName("First excitation", "First activation of the ventricles after the start of P"),
    "reentry_turns": MetricName("Re-entry, turns", "How often one place fires beyond the stimuli: turns of a circuit"),
    "reentry_sustained": MetricName("Re-entry sustained", "Two turns and more, still going at the end: 1, else 0"),
    "reentry_lasted_ms": MetricName("Re-entry lasted", "From the last premature beat to the last activation"),
    "reentry_cycle_ms": MetricName("Re-entry cycle", "How long one turn takes"),
    "motion_pattern_percent": MetricName("Pattern shown", "Share of the strain pattern that the mesh shows"),
}
"""In the order in which tables show them."""

HEADLINE = ("qrs_ms", "lv_ef_percent", "lv_esv_ml", "lv_edv_ml", "lv_dpdt_max_mmhg_s", "cardiac_output_l_min")
_WORDS = {"lv": "LV", "rv": "RV", "la": "LA", "ra": "RA", "ef": "EF", "edv": "EDV", "esv": "ESV", "qrs": "QRS"}
_UNITS = (
    "mmhg_s_ml",
    "mmhg_ml",
    "mmhg_s",
    "l_min",
    "l_min_m2",
    "ml_m2",
    "g_m2",
    "g_ml",
    "cm2",
    "mm2",
    "mm3",
    "ml_s",
    "m2",
    "m_s",
    "mmhg",
    "percent",
    "ml",
    "ms",
    "bpm",
    "kpa",
    "mm",
    "g",
)


def label_of(name: str) -> str:
    """A metric's or parameter's full name for people, without its unit."""
    if name in METRICS:
        return METRICS[name].full
    stem = name
    for unit in _UNITS:
        if name.endswith("_" + unit):
            stem = name[: -len(unit) - 1]
            break
    words = [_WORDS.get(word, word) for word in stem.split("_")]
    return (words[0][:1].upper() + words[0][1:] + " " + " ".join(words[1:])).strip()


def short_of(name: str) -> str:
    """The same, short enough for a narrow table."""
    return METRICS[name].short if name in METRICS else label_of(name)


def number_of(name: str, value: float) -> str:
    """A value with the decimals that it deserves, and a proper minus sign."""
    if name in METRICS:
        text = f"{value:.{METRICS[name].decimals}f}"
    else:
        size = abs(value)
        text = f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
    return text.replace("-", "−")


def order_of(name: str) -> tuple[int, str]:
    """Sort key: known metrics in METRICS' order, then the others by name."""
    known = list(METRICS)
    return (known.index(name), "") if name in METRICS else (len(known), name)
