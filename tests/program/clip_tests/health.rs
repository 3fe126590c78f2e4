//! What is told of the health of cameras whose pictures FFmpeg makes: of a lens that is covered or blinded and of a dark room, and
//! nothing of rain, a night with street lights, headlights, an elevator's door, or somebody who stands before the lens for a while.

use firewarden::{domain::Record, health::Health, rules::Eyesight, words};

use crate::common::{assert_code, bench::Bench};

/// A picture with things in it, and the noise of a sensor.
const PLACE: &str = "-f lavfi -i smptehdbars=size=320x240:rate=5:duration=";

/// Looks at a clip, and says what is told of it: since which second, and what.
fn told(seconds: u32, filter: &str) -> Vec<String> {
    let rules =
        "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"60s\"\n";
    let bench = Bench::new().camera("lane", "clip.mp4", rules);
    let how =
        format!("{PLACE}{seconds} -filter_complex {filter} -c:v libx264 -crf 12 -g 10 -pix_fmt yuv420p");
    bench.clip("clip.mp4", &how);
    assert_code(&bench.run("out", &["--start", "2026-01-01T00:00:00Z"]), 0);
    let text = std::fs::read_to_string(bench.path("out/observations/lane.jsonl")).expect("the looks");
    let (mut health, mut eyesight, mut news, mut looks) =
        (Health::default(), Eyesight::default(), Vec::new(), 0);
    for line in text.lines() {
        match serde_json::from_str(line).expect("a record") {
            Record::Observation(look) => {
                let moved = eyesight.glance(&look);
                eyesight.look(&look.looked[0], &look);
                news.extend(health.look(&look, eyesight.sees(), moved));
                looks += 1;
            }
            Record::Gap(gap) => {
                eyesight.gap(&gap);
                health.gap(&gap);
            }
            Record::Epoch(_) => {}
        }
    }
    assert!(looks >= seconds / 2 - 2, "{looks} looks");
    let start = "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().expect("a time");
    let said = |news: &firewarden::health::News| {
        format!("{} s: {}", news.since.duration_since(start).as_secs(), words::fact(news.fact).1)
    };
    news.iter().map(said).collect()
}

/// Something of a colour lies over all of the picture from the 60th to the 180th second.
fn under(color: &str) -> Vec<String> {
    told(
        240,
        &format!(
            "color=c={color}:size=320x240:rate=5[c];[0][c]overlay=enable=between(t\\,60\\,180):shortest=1,noise=alls=6:allf=t"
        ),
    )
}

#[test]
fn a_covered_lens_is_told() {
    assert_eq!(
        under("0x606060"),
        ["60 s: picture obstructed: lens covered", "182 s: camera restored: picture obstructed"]
    );
}

#[test]
fn a_lens_that_light_blinds_is_told() {
    assert_eq!(
        under("white"),
        ["60 s: picture obstructed: blinded by light", "182 s: camera restored: picture obstructed"]
    );
}

#[test]
fn a_dark_room_is_told_once() {
    assert_eq!(under("black"), ["60 s: picture obstructed: too dark"]);
}

#[test]
fn rain_is_not_told() {
    let rain = "color=c=black:size=320x240:rate=5,geq=lum='255*gt(random(1)\\,0.992)':cb=128:cr=128,avgblur=sizeX=1:sizeY=9,eq=contrast=4[r];\
                [r]format=gray,format=yuv420p,fade=in:st=60:d=10[f];[0]format=yuv420p[p];[p][f]blend=all_mode=screen:shortest=1,noise=alls=12:allf=t";
    assert_eq!(told(200, rain), Vec::<String>::new());
}

#[test]
fn a_night_with_street_lights_and_headlights_is_not_told() {
    // It gets dark within a minute. Lamps stand there, and now and then a car shines into the lens.
    let lamps = "drawbox=x=60:y=30:w=24:h=18:c=white:t=fill,drawbox=x=220:y=40:w=20:h=16:c=0xffe0a0:t=fill,\
                 drawbox=x=60:y=48:w=60:h=120:c=0x707060:t=fill";
    let night = format!(
        "[0]eq=brightness=-0.3*min(1\\,max(0\\,(t-60)/60)):eval=frame,{lamps},\
         drawbox=x=40:y=60:w=240:h=160:c=white:t=fill:enable=lt(mod(t\\,25)\\,4),noise=alls=12:allf=t"
    );
    assert_eq!(told(240, &night), Vec::<String>::new());
}

#[test]
fn an_elevators_door_and_somebody_before_the_lens_are_not_told() {
    // A door of steel opens and closes over two thirds of the picture. Later somebody stands before the lens for half a minute.
    let door = "color=c=0x909090:size=214x240:rate=5[d];color=c=0x503830:size=320x240:rate=5[b];\
                [0][d]overlay=x=320-214*min(1\\,max(0\\,2*sin(t/4))):shortest=1[e];\
                [e][b]overlay=enable=between(t\\,120\\,150):shortest=1,noise=alls=12:allf=t";
    assert_eq!(told(220, door), Vec::<String>::new());
}
