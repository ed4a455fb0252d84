using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class AdamWTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void Weights_after_many_updates_equal_those_of_the_plain_algorithm_in_which_only_matrices_decay(double decay)
    {
        using var scope = NewDisposeScope();
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var optimiser = new AdamW(model);
        using var gradients = new ParameterBuffer(model.Parameters);
        var settings = new OptimiserSettings(0.9, 0.95, decay, GradientNorm: 1);
        var plain = new PlainAdamW(Flat(model.Parameters), [.. model.Parameters.SelectMany(parameter => Enumerable.Repeat(parameter.dim() == 1 ? 0 : decay, (int)parameter.numel()))]);
        manual_seed(5);
        for (var update = 0; update < 20; update++)
        {
            gradients.Flat_W.normal_(0, 0.1 * (1 + update));
            plain.Update(gradients.Flat_W.data<float>().ToArray(), 1e-2 / (1 + update), 0.9, 0.95);
            optimiser.Update(gradients, 1e-2 / (1 + update), settings);
        }

        Assert.Equal(20, optimiser.Steps);
        foreach (var (expected, actual) in plain.Weights_W.Zip(Flat(model.Parameters))) Assert.Equal(expected, actual, 1e-5);
    }

    private static double[] Flat(IEnumerable<Tensor> parameters) =>
        [.. parameters.SelectMany(parameter => parameter.data<float>().ToArray()).Select(value => (double)value)];

    private sealed class PlainAdamW(double[] weights_W, double[] decays_W)
    {
        private readonly double[] _means_W = new double[weights_W.Length];
        private readonly double[] _squares_W = new double[weights_W.Length];
        private int _steps;

        public double[] Weights_W => weights_W;

        public void Update(float[] gradient_W, double rate, double beta1, double beta2)
        {
            _steps++;
            for (var i = 0; i < weights_W.Length; i++)
            {
                _means_W[i] = beta1 * _means_W[i] + (1 - beta1) * gradient_W[i];
                _squares_W[i] = beta2 * _squares_W[i] + (1 - beta2) * gradient_W[i] * gradient_W[i];
                var mean = _means_W[i] / (1 - Math.Pow(beta1, _steps));
                var square = _squares_W[i] / (1 - Math.Pow(beta2, _steps));
                weights_W[i] = weights_W[i] * (1 - rate * decays_W[i]) - rate * mean / (Math.Sqrt(square) + 1e-8);
            }
        }
    }
}
