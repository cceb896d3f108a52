namespace Nitro.Simulation

/// What goes wrong, in percent of the occasions for it.
type internal Faults =
    { /// A message is lost on its way.
      Lose: int
      /// It arrives a second time, later.
      Repeat: int
      /// The process dies before an append.
      CrashBefore: int
      /// It dies after an append, before anything left.
      CrashAfter: int
      /// A signer's or link's answer is forgotten.
      Forget: int }

module internal Faults =
    let none =
        { Lose = 0
          Repeat = 0
          CrashBefore = 0
          CrashAfter = 0
          Forget = 0 }

    let rough =
        { Lose = 20
          Repeat = 15
          CrashBefore = 3
          CrashAfter = 3
          Forget = 10 }
