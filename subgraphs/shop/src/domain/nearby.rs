//! Where to look for what is within a distance of a point.

use souk_platform::geo::{Coordinates, EARTH_RADIUS_KM};
use souk_platform::{ApiError, ApiResult};

/// Half the circumference of the Earth, rounded up: a radius beyond it reaches everything.
const LONGEST_RADIUS_KM: f64 = 20_100.0;
/// Rounding must not push a point on the circle out of the box, degrees.
const MARGIN: f64 = 1e-6;

/// A rectangle of degrees that does not cross the date line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DegreeBox {
    /// The southern edge.
    pub south: f64,
    /// The northern edge.
    pub north: f64,
    /// The western edge.
    pub west: f64,
    /// The eastern edge, not west of the western one.
    pub east: f64,
}

/// A radius in kilometres, or `BAD_USER_INPUT` for `radiusKm`.
pub fn radius_km(radius: f64) -> ApiResult<f64> {
    if radius > 0.0 && radius <= LONGEST_RADIUS_KM {
        return Ok(radius);
    }
    Err(ApiError::bad_input(
        "radiusKm",
        format!("a radius is more than 0 and at most {LONGEST_RADIUS_KM} km, got {radius}"),
    ))
}

/// Two boxes that together contain every point within `radius_km` of `centre`, and more. Two, because a circle may
/// lie on both sides of the date line; when it does not, they are the same.
pub fn boxes(centre: Coordinates, radius_km: f64) -> [DegreeBox; 2] {
    let angle = radius_km / EARTH_RADIUS_KM;
    let reach = angle.to_degrees() + MARGIN;
    let south = (centre.latitude - reach).max(-90.0);
    let north = (centre.latitude + reach).min(90.0);
    let around_the_globe = DegreeBox {
        south,
        north,
        west: -180.0,
        east: 180.0,
    };
    if south <= -90.0 || north >= 90.0 {
        // The circle contains a pole, and so points of every longitude.
        return [around_the_globe; 2];
    }
    // The circle's easternmost point lies nearer to the pole than its centre, where degrees are shorter.
    let reach = (angle.sin() / centre.latitude.to_radians().cos())
        .clamp(-1.0, 1.0)
        .asin()
        .to_degrees()
        + MARGIN;
    let (west, east) = (centre.longitude - reach, centre.longitude + reach);
    let band = |west, east| DegreeBox {
        south,
        north,
        west,
        east,
    };
    if east - west >= 360.0 {
        return [around_the_globe; 2];
    }
    if west < -180.0 {
        return [band(west + 360.0, 180.0), band(-180.0, east)];
    }
    if east > 180.0 {
        return [band(west, 180.0), band(-180.0, east - 360.0)];
    }
    [band(west, east); 2]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl DegreeBox {
        fn contains(&self, point: Coordinates) -> bool {
            (self.south..=self.north).contains(&point.latitude)
                && (self.west..=self.east).contains(&point.longitude)
        }
    }

    fn anywhere() -> impl Strategy<Value = Coordinates> {
        let latitude = prop_oneof![-90.0..=90.0, Just(90.0), Just(-90.0), 89.0..=90.0];
        let longitude = prop_oneof![-180.0..=180.0, Just(180.0), Just(-180.0), 179.0..=180.0];
        (latitude, longitude).prop_map(|(latitude, longitude)| Coordinates {
            latitude,
            longitude,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn whatever_is_within_the_radius_is_in_a_box(
            centre in anywhere(),
            point in anywhere(),
            radius in prop_oneof![0.001..50.0, 50.0..LONGEST_RADIUS_KM],
        ) {
            if centre.distance_km(point) <= radius {
                prop_assert!(boxes(centre, radius).iter().any(|area| area.contains(point)));
            }
        }
    }

    #[test]
    fn a_small_circle_gives_a_small_box() {
        let [area, same] = boxes(
            Coordinates {
                latitude: 60.0,
                longitude: 10.0,
            },
            111.0,
        );
        assert_eq!(area, same);
        assert!((area.north - area.south - 2.0).abs() < 0.01, "{area:?}");
        assert!((area.east - area.west - 4.0).abs() < 0.01, "{area:?}");
    }

    #[test]
    fn a_radius_is_positive_and_earthly() {
        for wrong in [0.0, -1.0, 20_100.1, f64::NAN, f64::INFINITY] {
            assert_eq!(
                radius_km(wrong).unwrap_err().argument.as_deref(),
                Some("radiusKm")
            );
        }
        assert_eq!(radius_km(0.5), Ok(0.5));
    }
}
